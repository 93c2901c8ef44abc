import type { ItemId, LevelRef, StreamSeq, WarehouseId } from '@tallystream/contracts';
import type { Database } from '../database';
import { type AuditEntry, ENTRY_COLUMNS, type EntryRow, entryOf } from './audit-entry';
import { GENESIS } from './audit-store';

/** One event whole, its place in the chain, and what moved the same level before and after it. */
export type AuditEvent = AuditEntry &
  Readonly<{
    subject: string;
    ceType: string;
    /** As it lies in the stream. */
    data: unknown;
    previousHash: string;
    /** Nothing for an event that is not about one level. */
    neighbours: Readonly<{ previous: AuditEntry | null; next: AuditEntry | null }> | null;
  }>;

export const findAuditEvent = async (database: Database, seq: StreamSeq): Promise<AuditEvent | undefined> => {
  const [row] = await database.query<EventRow>(
    `SELECT ${ENTRY_COLUMNS}, e.subject, e.ce_type AS "ceType", e.item_id AS "itemId",
       e.warehouse_id AS "warehouseId",
       (SELECT b.hash FROM audit_events b WHERE b.sequence < $1 ORDER BY b.sequence DESC LIMIT 1) AS previous
     FROM audit_events e WHERE e.sequence = $1`,
    [seq],
  );
  if (!row) return undefined;
  const { itemId, warehouseId } = row;
  return {
    ...entryOf(row),
    subject: row.subject,
    ceType: row.ceType,
    data: JSON.parse(row.data),
    previousHash: (row.previous ?? GENESIS).toString('hex'),
    neighbours: itemId && warehouseId ? await neighboursOf(database, { itemId, warehouseId }, seq) : null,
  };
};

type EventRow = EntryRow &
  Readonly<{
    subject: string;
    ceType: string;
    itemId: ItemId | null;
    warehouseId: WarehouseId | null;
    previous: Buffer | null;
  }>;

const neighboursOf = async (database: Database, { itemId, warehouseId }: LevelRef, seq: StreamSeq) => {
  const nearest = async (isBefore: boolean): Promise<AuditEntry | null> => {
    const [row] = await database.query<EntryRow>(
      `SELECT ${ENTRY_COLUMNS} FROM audit_events e
       WHERE type = 'StockChanged' AND warehouse_id = $1 AND item_id = $2
         AND sequence ${isBefore ? '<' : '>'} $3
       ORDER BY sequence ${isBefore ? 'DESC' : 'ASC'} LIMIT 1`,
      [warehouseId, itemId, seq],
    );
    return row ? entryOf(row) : null;
  };
  const [previous, next] = await Promise.all([nearest(true), nearest(false)]);
  return { previous, next };
};
