import { type Cause, type DocumentApplied, QuantityOverflow, type WarehouseId } from '@tallystream/contracts';
import { decideDocument, type StockDocument } from '@tallystream/domain';
import { UNSUPPORTED, webhookFrom } from '@tallystream/inbox';
import type { StreamMessage } from '@tallystream/jetstream';
import { documentKey } from '@tallystream/ledger';
import { parseWebhook } from '@tallystream/zoho';

/** A webhook as it lies in the inbox, and the documents that it is about. */
export type StoredWebhook = Readonly<{
  message: StreamMessage;
  documents: readonly StockDocument[];
  isReadable: boolean;
}>;

/**
 * What is to become of a webhook that may be handled again:
 * `lacking`: the ledger does not have what it says;
 * `known`: the ledger has this version of its documents, or a later one;
 * `ignored`: it moves nothing by itself;
 * `unreadable`: it would only die again.
 */
export type Verdict = 'lacking' | 'known' | 'ignored' | 'unreadable';

export const readWebhook = (
  message: StreamMessage,
  defaultWarehouse: WarehouseId | undefined,
): StoredWebhook => {
  const { entity, body, contentType, event } = webhookFrom(message);
  if (entity === UNSUPPORTED) return { message, documents: [], isReadable: true };
  const parsed = parseWebhook(
    { body, contentType, event, receivedAt: message.storedAt },
    defaultWarehouse ? { defaultWarehouse } : {},
  );
  const documents = parsed.kind === 'documents' ? parsed.documents : [];
  return { message, documents, isReadable: parsed.kind !== 'unreadable' };
};

/** @param applied the newest version of each document in the ledger, by `documentKey` */
export const verdictOn = (
  { documents, isReadable }: StoredWebhook,
  applied: ReadonlyMap<string, DocumentApplied>,
): Verdict => {
  if (!isReadable) return 'unreadable';
  if (documents.length === 0) return 'ignored';
  return documents.every((document) => isKnown(document, applied.get(documentKey(document))))
    ? 'known'
    : 'lacking';
};

const isKnown = (document: StockDocument, applied: DocumentApplied | undefined): boolean => {
  try {
    // Whether a version is stale is not a question of levels, nor of who asks.
    const decision = decideDocument(
      applied,
      () => undefined,
      { document, cause: nobody },
      { trustMarginMs: 0 },
    );
    return decision.outcome === 'stale';
  } catch (error) {
    if (error instanceof QuantityOverflow) return false;
    throw error;
  }
};

const nobody: Cause = { kind: 'webhook', id: '', actor: 'zoho' };
