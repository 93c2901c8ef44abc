import { createHmac, timingSafeEqual } from 'node:crypto';

type Pairs = Iterable<readonly [key: string, value: string]>;

export type SignedRequest = Readonly<{
  query: Pairs;
  /** URL-decoded pairs of a form body; empty for any other body. */
  form: Pairs;
  /** The exact bytes of the body; empty for a form body, whose pairs are signed instead. */
  body: Uint8Array;
  /** The body as it came, where it is a form: what a set-up signs that signs the body alone. */
  rawBody?: Uint8Array;
}>;

/**
 * What Zoho signs: query and form pairs sorted by key, key and value joined without separators, then the
 * raw body (documented for Zoho Billing webhooks).
 */
export const bytesToSign = ({ query, form, body }: Omit<SignedRequest, 'rawBody'>): Uint8Array => {
  const pairs = [...query, ...form].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const prefix = pairs.map(([key, value]) => key + value).join('');
  return Buffer.concat([Buffer.from(prefix, 'utf8'), body]);
};

export const sign = (secret: string, bytes: Uint8Array): Buffer =>
  createHmac('sha256', secret).update(bytes).digest();

/**
 * Whether `signature` (hex or base64: Zoho's page does not say which) belongs to the request under one of
 * `secrets`; several, so that a secret can be rotated. `bodyAlone` also takes set-ups that sign only the body.
 */
export const isSigned = (
  request: SignedRequest,
  signature: string,
  { secrets, bodyAlone }: Readonly<{ secrets: readonly string[]; bodyAlone: boolean }>,
): boolean => {
  const given = digestOf(signature);
  if (!given) return false;
  const candidates = [bytesToSign(request), ...(bodyAlone ? [request.rawBody ?? request.body] : [])];
  // Every combination is computed: the time taken does not tell which one came close.
  return secrets
    .flatMap((secret) => candidates.map((bytes) => timingSafeEqual(sign(secret, bytes), given)))
    .some(Boolean);
};

const SHA256_BYTES = 32;

const digestOf = (signature: string): Buffer | undefined => {
  const text = signature.trim().replace(/^sha256=/i, '');
  const bytes = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  return bytes.length === SHA256_BYTES ? bytes : undefined;
};
