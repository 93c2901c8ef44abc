import { type DocumentType, documentTypes, type Instant, type ItemId } from '@tallystream/contracts';
import type { StockDocument } from '@tallystream/domain';
import { namedItems } from './documents/named-items';
import { type ParserSettings, parseDocument } from './documents/parsers';
import { receivesOf } from './documents/sales-return';
import { UnreadableDocument } from './fields';
import { type WebhookRoot, webhookRoot } from './webhook-root';

/** A stored webhook: the raw bytes, and what its URL said of them. */
export type WebhookPayload = Readonly<{
  body: Uint8Array;
  contentType: string;
  /** `created`, `updated`, `deleted`, … from the URL. */
  event: string;
  receivedAt: Instant;
}>;

export type ParsedWebhook =
  /** Documents that move stock: one, but for a sales return, which is taken apart into its receives. */
  | Readonly<{ kind: 'documents'; documents: readonly StockDocument[] }>
  /** Moves nothing by itself, but names items whose stock may have moved: look at them. */
  | Readonly<{ kind: 'observe'; entity: string; items: readonly ItemId[] }>
  /** Readable, and none of our business. */
  | Readonly<{ kind: 'ignored'; entity: string; why: string }>
  /** Zoho's, so it must not be lost: it goes to the dead letters. What items it names can be looked at. */
  | Readonly<{ kind: 'unreadable'; error: UnreadableDocument; items: readonly ItemId[] }>;

/** Reads whatever Zoho, or a customer's hand-made webhook, put into the body. */
export const parseWebhook = (payload: WebhookPayload, settings: ParserSettings): ParsedWebhook => {
  let root: WebhookRoot | undefined;
  try {
    root = webhookRoot(payload.body, payload.contentType, (entity) => rootTypes.has(entity));
    const documents = documentsOf(root, payload, settings);
    if (documents.length > 0) return { kind: 'documents', documents };
    const items = namedItems(root.fields);
    const entity = kindOf(root.entity);
    if (items.length > 0) return { kind: 'observe', entity, items };
    const why = root.isNameOnly ? `names "${entity}" without its content` : `"${entity}" moves no stock`;
    return { kind: 'ignored', entity, why };
  } catch (error) {
    if (!(error instanceof UnreadableDocument)) throw error;
    return { kind: 'unreadable', error, items: root ? namedItems(root.fields) : [] };
  }
};

/** The log and the ledger name a kind by its key in Zoho's way of writing; other keys may hold a person's name. */
const kindOf = (key: string): string => (/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(key) ? key : 'unknown');

/**
 * The root key of a body, without parsing it: `invoice` of `{"invoice": …`. Good enough to name the inbox
 * subject; what the document is, `parseWebhook` decides.
 */
export const sniffRootKey = (body: Uint8Array): string | undefined =>
  /^\s*\{\s*"([A-Za-z0-9_-]{1,64})"\s*:/.exec(Buffer.from(body.subarray(0, 256)).toString('utf8'))?.[1];

/** Root keys of documents that move stock, in all the spellings that Zoho uses. */
const rootTypes: ReadonlyMap<string, DocumentType | 'salesreturn'> = new Map([
  ...documentTypes.map((type): [string, DocumentType] => [type, type]),
  ...documentTypes.map((type): [string, DocumentType] => [type.replaceAll('_', ''), type]),
  ['salesreturn', 'salesreturn'],
]);

const documentsOf = (
  { entity, fields, event, isNameOnly }: WebhookRoot,
  payload: WebhookPayload,
  settings: ParserSettings,
): readonly StockDocument[] => {
  const type = rootTypes.get(entity);
  const happened = event ?? payload.event;
  const deleted = happened === 'deleted' || happened === 'delete';
  // Of a deletion, the name says it all.
  if (type === undefined || (isNameOnly && !deleted)) return [];
  const circumstances = {
    deleted,
    created: happened === 'created' || happened === 'create',
    receivedAt: { from: payload.receivedAt },
  };
  return type === 'salesreturn'
    ? receivesOf(fields).map((receive) =>
        parseDocument('salesreturnreceive', receive, circumstances, settings),
      )
    : [parseDocument(type, fields, circumstances, settings)];
};
