import { createHash } from 'node:crypto';
import type { Instant, StockEvent, StreamSeq } from '@tallystream/contracts';
import type { EntityManager } from 'typeorm';
import type { Database } from '../database';

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

/** What the first event is chained to. */
export const GENESIS = Buffer.alloc(32);

/** `sha256(previous ‖ canonical event)`: sequence, subject, id, type, time of storage and the data, as lines. */
export const chainHash = (previous: Uint8Array, event: Omit<RecordedEvent, 'event'>): Buffer =>
  createHash('sha256')
    .update(previous)
    .update(`${event.seq}\n${event.subject}\n${event.id}\n${event.ceType}\n${event.storedAt}\n`)
    .update(event.data)
    .digest();

/** The hash of the newest row, from which the chain goes on. */
export const newestHash = async (database: Database): Promise<Buffer> => {
  const rows = await database.query<{ hash: Buffer }>(
    'SELECT hash FROM audit_events ORDER BY sequence DESC LIMIT 1',
  );
  return rows[0]?.hash ?? GENESIS;
};

/** Appends a batch to the trail. @returns the hash of its last row */
export const appendAuditEvents = async (
  manager: EntityManager,
  previous: Buffer,
  events: readonly RecordedEvent[],
): Promise<Buffer> => {
  for (const month of new Set(events.map(({ storedAt }) => storedAt.slice(0, 7)))) {
    for (const statement of partitionFor(month)) await manager.query(statement);
  }
  let hash = previous;
  const rows = events.map((event) => {
    hash = chainHash(hash, event);
    return { ...event, ...filterColumns(event.event), hash };
  });
  const column = (value: (row: (typeof rows)[number]) => unknown) => rows.map(value);
  await manager.query(INSERT, [
    column(({ seq }) => seq),
    column(({ id }) => id),
    column(({ event }) => event.type),
    column(({ subject }) => subject),
    column(({ itemId }) => itemId),
    column(({ warehouseId }) => warehouseId),
    column(({ revision }) => revision),
    column(({ reason }) => reason),
    column(({ document }) => document?.type ?? null),
    column(({ document }) => document?.id ?? null),
    column(({ event }) => event.data.cause.kind),
    column(({ event }) => event.data.cause.id),
    column(({ event }) => event.data.cause.actor),
    column(({ event }) => event.data.occurredAt),
    column(({ storedAt }) => storedAt),
    column(({ data }) => Buffer.from(data).toString('utf8')),
    column((row) => row.hash),
    column(({ ceType }) => ceType),
  ]);
  return hash;
};

const INSERT = `
  INSERT INTO audit_events (
    sequence, id, type, subject, item_id, warehouse_id, revision, reason, document_type, document_id,
    cause_kind, cause_id, actor, occurred_at, recorded_at, data, hash, ce_type)
  SELECT * FROM unnest(
    $1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::integer[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::text[], $13::text[], $14::timestamptz[], $15::timestamptz[], $16::text[],
    $17::bytea[], $18::text[])`;

const filterColumns = ({ type, data }: StockEvent) =>
  type === 'StockChanged'
    ? {
        itemId: data.itemId,
        warehouseId: data.warehouseId,
        revision: data.revision,
        reason: data.reason,
        document: data.document,
      }
    : {
        itemId: null,
        warehouseId: null,
        revision: null,
        reason: null,
        document: type === 'DocumentApplied' ? data.document : undefined,
      };

/** `month` is `2026-01`: taken from a time of ours, never from outside. */
const partitionFor = (month: string): readonly string[] => {
  const [year, number] = month.split('-').map(Number);
  const from = new Date(Date.UTC(year ?? 0, (number ?? 1) - 1, 1)).toISOString();
  const to = new Date(Date.UTC(year ?? 0, number ?? 1, 1)).toISOString();
  const partition = `audit_events_${month.replace('-', '_')}`;
  return [
    `CREATE TABLE IF NOT EXISTS ${partition} PARTITION OF audit_events FOR VALUES FROM ('${from}') TO ('${to}')`,
    // Row triggers come with the parent, statement triggers do not.
    `CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON ${partition}
     FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`,
  ];
};
