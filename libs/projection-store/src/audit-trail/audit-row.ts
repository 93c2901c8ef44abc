import type { Instant, StockEvent, StreamSeq } from '@tallystream/contracts';

/** An event of the stream, with the envelope and bytes that the chain is over. */
export type RecordedEvent = Readonly<{
  seq: StreamSeq;
  subject: string;
  id: string;
  ceType: string;
  event: StockEvent;
  data: Uint8Array;
  storedAt: Instant;
}>;

/** What the trail keeps of an event, by column: all of it but its link of the chain. */
export type AuditRow = Readonly<{
  sequence: StreamSeq;
  id: string;
  type: string;
  ce_type: string;
  subject: string;
  item_id: string | null;
  warehouse_id: string | null;
  /** Of a movement only. */
  revision: number | null;
  reason: string | null;
  document_type: string | null;
  document_id: string | null;
  cause_kind: string;
  cause_id: string;
  actor: string;
  occurred_at: Instant;
  recorded_at: Instant;
  data: string;
}>;

/** The columns and their types in Postgres, in the order in which they are written. */
export const auditColumns = {
  sequence: 'bigint',
  id: 'text',
  type: 'text',
  ce_type: 'text',
  subject: 'text',
  item_id: 'text',
  warehouse_id: 'text',
  revision: 'integer',
  reason: 'text',
  document_type: 'text',
  document_id: 'text',
  cause_kind: 'text',
  cause_id: 'text',
  actor: 'text',
  occurred_at: 'timestamptz',
  recorded_at: 'timestamptz',
  data: 'text',
} as const satisfies Record<keyof AuditRow, string>;

export const columnNames = Object.keys(auditColumns) as (keyof AuditRow)[];

export const auditRow = ({ seq, id, subject, ceType, event, data, storedAt }: RecordedEvent): AuditRow => ({
  sequence: seq,
  id,
  type: event.type,
  ce_type: ceType,
  subject,
  ...levelOf(event),
  ...documentOf(event),
  cause_kind: event.data.cause.kind,
  cause_id: event.data.cause.id,
  actor: event.data.cause.actor,
  occurred_at: event.data.occurredAt,
  recorded_at: storedAt,
  data: Buffer.from(data).toString('utf8'),
});

/**
 * The level that an event is about. Of a document, every level that it moved has an event of its own; the
 * document itself is about all of them, and found by its name.
 */
const levelOf = ({
  type,
  data,
}: StockEvent): Pick<AuditRow, 'item_id' | 'warehouse_id' | 'revision' | 'reason'> => {
  switch (type) {
    case 'StockChanged':
      return {
        item_id: data.itemId,
        warehouse_id: data.warehouseId,
        revision: data.revision,
        reason: data.reason,
      };
    case 'DriftDetected':
    case 'DriftResolved':
      return { item_id: data.itemId, warehouse_id: data.warehouseId, revision: null, reason: null };
    case 'DocumentApplied':
    case 'SyncStarted':
    case 'SyncFinished':
      return { item_id: null, warehouse_id: null, revision: null, reason: null };
  }
};

const documentOf = ({ type, data }: StockEvent): Pick<AuditRow, 'document_type' | 'document_id'> => {
  const document = type === 'StockChanged' || type === 'DocumentApplied' ? data.document : undefined;
  return { document_type: document?.type ?? null, document_id: document?.id ?? null };
};
