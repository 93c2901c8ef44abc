import { type DocumentType, documentTypeSchema, type Instant } from '@tallystream/contracts';
import type { StockDocument } from '@tallystream/domain';
import { type ParserSettings, parseDocument } from './documents/parsers';
import { type Fields, isFields, text, UnreadableDocument } from './fields';
import { parseJson } from './json';

/** A stored webhook: the raw bytes, and what its URL said of them. */
export type WebhookPayload = Readonly<{
  body: Uint8Array;
  contentType: string;
  /** `created`, `updated`, `deleted`, … from the URL. */
  event: string;
  receivedAt: Instant;
}>;

export type ParsedWebhook =
  | Readonly<{ kind: 'document'; document: StockDocument }>
  /** Readable, and none of our business. */
  | Readonly<{ kind: 'ignored'; entity: string; id?: string; why: string }>
  /** Zoho's, so it must not be lost: it goes to the dead letters with this reason. */
  | Readonly<{ kind: 'unreadable'; error: UnreadableDocument }>;

/** Reads whatever Zoho, or a customer's hand-made webhook, put into the body. */
export const parseWebhook = (payload: WebhookPayload, settings: ParserSettings): ParsedWebhook => {
  try {
    const root = rootOf(bodyOf(payload));
    const type = documentTypeSchema.safeParse(root.key);
    if (!type.success) return ignored(root.key, root.fields);
    return { kind: 'document', document: readDocument(type.data, root.fields, payload, settings) };
  } catch (error) {
    if (error instanceof UnreadableDocument) return { kind: 'unreadable', error };
    throw error;
  }
};

/**
 * The root key of a body, without parsing it: `invoice` of `{"invoice": …`. Good enough to name the inbox
 * subject; what the document is, `parseWebhook` decides.
 */
export const sniffRootKey = (body: Uint8Array): string | undefined =>
  /^\s*\{\s*"([A-Za-z0-9_-]{1,64})"\s*:/.exec(Buffer.from(body.subarray(0, 256)).toString('utf8'))?.[1];

/** Whether a body is what a webhook's body must be, whatever it is about. */
export const isJsonObject = (body: Uint8Array, contentType: string): boolean => {
  try {
    return isFields(bodyOf({ body, contentType }));
  } catch {
    return false;
  }
};

const readDocument = (
  type: DocumentType,
  fields: Fields,
  payload: WebhookPayload,
  settings: ParserSettings,
) =>
  parseDocument(
    type,
    fields,
    {
      deleted: payload.event === 'deleted' || payload.event === 'delete',
      created: payload.event === 'created' || payload.event === 'create',
      receivedAt: { from: payload.receivedAt },
    },
    settings,
  );

const ignored = (entity: string, fields: Fields): ParsedWebhook => {
  const id = text(fields, `${entity}_id`);
  return { kind: 'ignored', entity, why: `"${entity}" moves no stock`, ...(id ? { id } : {}) };
};

const bodyOf = ({ body, contentType }: Pick<WebhookPayload, 'body' | 'contentType'>): unknown => {
  const written = Buffer.from(body).toString('utf8');
  const json = contentType.startsWith('application/x-www-form-urlencoded')
    ? new URLSearchParams(written).get('JSONString')
    : written;
  if (json === null) throw new UnreadableDocument('not_json', '', 'the form has no field JSONString');
  try {
    return parseJson(json);
  } catch {
    // The parser's own message can quote the body, which holds personal data.
    throw new UnreadableDocument('not_json', '', 'the body is not JSON');
  }
};

/** The document under its root key: a key we know, else the first one that holds an object. */
const rootOf = (body: unknown): Readonly<{ key: string; fields: Fields }> => {
  if (!isFields(body)) throw new UnreadableDocument('not_json', '', 'the body is not a JSON object');
  const roots = Object.entries(body).flatMap(([key, fields]) => (isFields(fields) ? [{ key, fields }] : []));
  const root = roots.find(({ key }) => documentTypeSchema.safeParse(key).success) ?? roots[0];
  if (root) return root;
  throw new UnreadableDocument('missing_field', '', 'the body has no document under a root key');
};
