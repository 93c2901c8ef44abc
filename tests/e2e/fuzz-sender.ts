import { createHmac } from 'node:crypto';
import http from 'node:http';
import { FORM, type Webhook } from './fuzz-mutations';

export type Answer = Readonly<{ status: number; text: string }>;

/** Posts webhooks, signed as Zoho signs, over connections that stay open. */
export const openSender = (url: string, secret: string, connections: number) => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const post = (webhook: Webhook): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { path, query, contentType, body } = webhook;
      const request = http.request(
        url,
        {
          agent,
          method: 'POST',
          path: query === '' ? path : `${path}?${query}`,
          headers: {
            'x-zoho-webhook-signature': signatureOf(webhook, secret),
            'content-length': body.length,
            ...(contentType === undefined ? {} : { 'content-type': contentType }),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('error', reject);
          response.once('end', () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
          );
        },
      );
      request.once('error', reject);
      request.end(body);
    });
  return { post, close: () => agent.destroy() };
};

/** Query and form pairs by key, then the body; of a form, the pairs stand for the body. */
const signatureOf = ({ query, contentType, body }: Webhook, secret: string): string => {
  const isForm = contentType?.startsWith(FORM) === true;
  const pairs = [
    ...new URLSearchParams(query),
    ...(isForm ? new URLSearchParams(body.toString('utf8')) : []),
  ].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const hmac = createHmac('sha256', secret).update(pairs.map(([key, value]) => key + value).join(''));
  return (isForm ? hmac : hmac.update(body)).digest('hex');
};

/** Runs `work` on every entry, `width` at a time. */
export const inParallel = async <T>(
  entries: readonly T[],
  width: number,
  work: (entry: T) => Promise<void>,
): Promise<void> => {
  const queue = entries.values();
  const worker = async () => {
    for (const entry of queue) await work(entry);
  };
  await Promise.all(Array.from({ length: width }, worker));
};
