import {
  type Cause,
  type Delta,
  difference,
  type Instant,
  type ItemId,
  instantFrom,
  type Quantities,
  quantityNames,
  type StreamSeq,
  streamSeq,
  type WarehouseId,
} from '@tallystream/contracts';
import { z } from 'zod';
import { conditions } from '../conditions';
import { decodeCursor, type Page, pageOf } from '../cursor';
import type { Database } from '../database';

export type AuditFilter = Readonly<{
  item?: ItemId;
  warehouse?: WarehouseId;
  document?: Readonly<{ type: string; id: string }>;
  reason?: string;
  cause?: Readonly<{ kind: string; id?: string }>;
  actor?: string;
  /** By the time of the happening, from inclusive, to exclusive. */
  from?: Instant;
  to?: Instant;
  order: 'asc' | 'desc';
  limit: number;
  cursor?: string;
}>;

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
  document?: unknown;
  cause: Cause;
  actor: string;
  occurredAt: Instant;
  recordedAt: Instant;
  hash: string;
}>;

export const listAuditEvents = async (database: Database, filter: AuditFilter): Promise<Page<AuditEntry>> => {
  const where = conditions();
  where.addIf('item_id = ?', filter.item);
  where.addIf('warehouse_id = ?', filter.warehouse);
  if (filter.document)
    where.add('document_type = ? AND document_id = ?', filter.document.type, filter.document.id);
  where.addIf('reason = ?', filter.reason);
  where.addIf('cause_kind = ?', filter.cause?.kind);
  where.addIf('cause_id = ?', filter.cause?.id);
  where.addIf('actor = ?', filter.actor);
  where.addIf('occurred_at >= ?', filter.from);
  where.addIf('occurred_at < ?', filter.to);
  if (filter.cursor) {
    const [after] = decodeCursor(filter.cursor, z.tuple([z.int()]));
    where.add(filter.order === 'asc' ? 'sequence > ?' : 'sequence < ?', after);
  }
  const rows = await database.query<AuditRow>(
    `SELECT sequence, id, type, data, occurred_at AS "occurredAt", recorded_at AS "recordedAt", hash, ${NAMES}
     FROM audit_events e ${where.where()} ORDER BY sequence ${filter.order === 'asc' ? 'ASC' : 'DESC'}
     LIMIT ${filter.limit + 1}`,
    where.parameters(),
  );
  return pageOf(rows, filter.limit, entryOf, (row) => [Number(row.sequence)]);
};

/** Looked up for the rows of the page only; a join could be planned over the whole trail. */
const NAMES = `
  (SELECT name FROM items i WHERE i.item_id = e.item_id) AS "itemName",
  (SELECT name FROM warehouses w WHERE w.warehouse_id = e.warehouse_id) AS "warehouseName"`;

type AuditRow = Readonly<{
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
  document?: unknown;
  cause: Cause;
}>;

const entryOf = (row: AuditRow): AuditEntry => {
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
