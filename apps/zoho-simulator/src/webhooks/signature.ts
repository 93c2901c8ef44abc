import { createHmac } from 'node:crypto';

/**
 * `X-Zoho-Webhook-Signature`: hex HMAC-SHA256 over the query's pairs, sorted by key, key and value run together
 * without separators, and then the raw body.
 */
export const signature = (secret: string, query: Iterable<[string, string]>, body: string): string =>
  createHmac('sha256', secret).update(stringToSign(query, body), 'utf8').digest('hex');

export const stringToSign = (query: Iterable<[string, string]>, body: string): string =>
  [...query]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, value]) => key + value)
    .join('') + body;
