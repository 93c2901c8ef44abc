import {
  type Cause,
  type Delta,
  type DocumentRef,
  difference,
  type Instant,
  instantFrom,
  type Quantities,
  quantityNames,
  type StreamSeq,
  streamSeq,
} from '@tallystream/contracts';

/** One event of the ledger, as an auditor reads it. */
export type AuditEntry = Readonly<{
  seq: StreamSeq;
  id: string;
  type: string;
  itemId?: string;
  /** As the catalogue names it now, not then. */
  itemName?: string;
  warehouseId?: string;
  warehouseName?: string;
  revision?: number;
  delta?: Delta;
  before?: Quantities;
  after?: Quantities;
  reason?: string;
  document?: DocumentRef;
  cause: Cause;
  actor: string;
  occurredAt: Instant;
  recordedAt: Instant;
  hash: string;
}>;

/**
 * What an entry is made of, for rows `e`. Names are looked up for the rows of the page only; a join could be
 * planned over the whole trail.
 */
export const ENTRY_COLUMNS = `
  e.sequence, e.id, e.type, e.data, e.occurred_at AS "occurredAt", e.recorded_at AS "recordedAt", e.hash,
  (SELECT name FROM items i WHERE i.item_id = e.item_id) AS "itemName",
  (SELECT name FROM warehouses w WHERE w.warehouse_id = e.warehouse_id) AS "warehouseName"`;

export type EntryRow = Readonly<{
  sequence: string;
  id: string;
  type: string;
  data: string;
  occurredAt: Date;
  recordedAt: Date;
  hash: Buffer;
  itemName: string | null;
  warehouseName: string | null;
}>;

/** The parts of any event that an entry shows. */
type EventData = Readonly<{
  itemId?: string;
  warehouseId?: string;
  revision?: number;
  delta?: Delta;
  after?: Quantities;
  reason?: string;
  document?: DocumentRef;
  cause: Cause;
}>;

export const entryOf = (row: EntryRow): AuditEntry => {
  const data: EventData = JSON.parse(row.data);
  const { itemId, warehouseId, revision, delta, after, reason, document, cause } = data;
  return {
    seq: streamSeq(Number(row.sequence)),
    id: row.id,
    type: row.type,
    ...(itemId ? { itemId } : {}),
    ...(row.itemName ? { itemName: row.itemName } : {}),
    ...(warehouseId ? { warehouseId } : {}),
    ...(row.warehouseName ? { warehouseName: row.warehouseName } : {}),
    ...(revision ? { revision } : {}),
    ...(delta && after ? { delta, before: beforeOf(after, delta), after } : {}),
    ...(reason ? { reason } : {}),
    ...(document ? { document } : {}),
    cause,
    actor: cause.actor,
    occurredAt: instantFrom(row.occurredAt.getTime()),
    recordedAt: instantFrom(row.recordedAt.getTime()),
    hash: row.hash.toString('hex'),
  };
};

const beforeOf = (after: Quantities, delta: Delta): Quantities => {
  const before = difference(after, delta);
  return Object.fromEntries(quantityNames.map((name) => [name, before[name] ?? 0])) as Quantities;
};
