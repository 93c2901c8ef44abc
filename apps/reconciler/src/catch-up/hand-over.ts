import type { DocumentId, Naming, RunId, StreamSeq } from '@tallystream/contracts';
import { storeWebhook } from '@tallystream/inbox';
import type { JetStreamConnection } from '@tallystream/jetstream';
import { documentKey } from '@tallystream/ledger';
import {
  type CallOptions,
  deletedDocument,
  documentPath,
  type ListedDocumentType,
  type ZohoClient,
  type ZohoDocumentRow,
  ZohoError,
} from '@tallystream/zoho';
import type { Missing } from './missing';

export type FoundDocument = Readonly<{ type: ListedDocumentType; id: DocumentId; inboxSeq: StreamSeq }>;

export type HandOverParts = Readonly<{
  connection: JetStreamConnection;
  naming: Naming;
  zoho: Pick<ZohoClient, 'document'>;
  /** Zoho's id of the organisation. */
  organization?: string;
}>;

export type HandedOver = Readonly<{
  found: readonly FoundDocument[];
  /** Rows that need no further look: what they name is in the inbox, or nothing can be had of it. */
  done: readonly ZohoDocumentRow[];
  /** Types of which Zoho shows us no document, and why. */
  refused: ReadonlyMap<ListedDocumentType, string>;
  notes: readonly string[];
}>;

/** Calls under way at once: fewer than Zoho allows by far, so that others need not wait for a place. */
export const CALLS_AT_ONCE = 4;

/**
 * Fetches documents, the first ones first and `maxDetails` calls at most, and puts each into the inbox as its
 * webhook would have been. A document that is gone, and that the ledger knows, is handed over as deleted.
 * @throws ZohoError when Zoho cannot be asked now, NatsUnavailable
 */
export const handOver = async (
  parts: HandOverParts,
  missing: readonly Missing[],
  { runId, maxDetails, call }: Readonly<{ runId: RunId; maxDetails: number; call: CallOptions }>,
): Promise<HandedOver> => {
  const found: FoundDocument[] = [];
  const done: ZohoDocumentRow[] = [];
  const refused = new Map<ListedDocumentType, string>();
  const notes: string[] = [];
  let waiting = missing;
  for (let calls = 0; calls < maxDetails && waiting.length > 0; ) {
    const group = waiting.slice(0, Math.min(CALLS_AT_ONCE, maxDetails - calls));
    const bodies = await Promise.allSettled(
      group.map(({ row }) => parts.zoho.document(row.type, row.id, call)),
    );
    for (const [index, { row, isKnown }] of group.entries()) {
      const body = bodies[index];
      if (body?.status === 'fulfilled') {
        if (body.value !== undefined || isKnown)
          found.push({ type: row.type, id: row.id, inboxSeq: await store(parts, row, body.value, runId) });
        done.push(row);
        continue;
      }
      const scope = refusalScope(body?.reason);
      if (!scope) throw body?.reason;
      const why = messageOf(body?.reason);
      notes.push(`${documentKey(row)}: ${why}`);
      if (scope === 'type') refused.set(row.type, why);
      else done.push(row);
    }
    calls += group.length;
    waiting = waiting.slice(group.length).filter(({ row }) => !refused.has(row.type));
  }
  return { found, done, refused, notes };
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const store = async (
  { connection, naming, organization }: HandOverParts,
  { type, id }: ZohoDocumentRow,
  body: string | undefined,
  syncRun: RunId,
): Promise<StreamSeq> => {
  const { seq } = await storeWebhook(connection, naming, {
    entity: type,
    event: body === undefined ? 'deleted' : 'updated',
    ...(organization ? { organization } : {}),
    url: `/${documentPath(type, id)}`,
    headers: {},
    contentType: 'application/json',
    body: Buffer.from(body ?? deletedDocument(type, id)),
    syncRun,
  });
  return seq;
};

/** What is not to be had is passed over: a single document, or all of its type. Other errors end the run. */
export const refusalScope = (error: unknown): 'document' | 'type' | undefined => {
  if (!(error instanceof ZohoError)) return undefined;
  switch (error.kind) {
    case 'refused':
    case 'unreadable':
      return 'document';
    case 'missing_scope':
    case 'not_found':
      return 'type';
    default:
      return undefined;
  }
};
