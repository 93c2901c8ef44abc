import {
  type Disputed,
  decodeEvent,
  forSale,
  type Instant,
  instantFrom,
  itemIdSchema,
  type LevelRef,
  millisOf,
  type Quantities,
  readLevel,
  type StockChanged,
  type StreamSeq,
  streamSeq,
  streamSeqSchema,
  type WarehouseId,
} from '@tallystream/contracts';
import { z } from 'zod';
import { decodeCursor, type Page, pageOf, refusedCursor } from '../cursor';
import type { Database } from '../database';
import { type AuditEntry, ENTRY_COLUMNS, type EntryRow, entryOf } from './audit-entry';

/** A moment of the past: a position of the stream, or a time, by when events were recorded. */
export type Moment = Readonly<{ seq: StreamSeq }> | Readonly<{ time: Instant }>;

/** The newest event at a moment: this one and all before it had been recorded. */
export type Position = Readonly<{ seq: StreamSeq; recordedAt: Instant }>;

/** Nothing when no event is that old. */
export const positionAt = async (database: Database, moment: Moment): Promise<Position | undefined> => {
  const [row] = await ('seq' in moment
    ? database.query<PositionRow>(
        `SELECT sequence, recorded_at AS "recordedAt" FROM audit_events
         WHERE sequence <= $1 ORDER BY sequence DESC LIMIT 1`,
        [moment.seq],
      )
    : database.query<PositionRow>(
        `SELECT sequence, recorded_at AS "recordedAt" FROM audit_events
         WHERE recorded_at <= $1 ORDER BY recorded_at DESC, sequence DESC LIMIT 1`,
        [moment.time],
      ));
  return row && { seq: streamSeq(Number(row.sequence)), recordedAt: instantFrom(row.recordedAt.getTime()) };
};

type PositionRow = Readonly<{ sequence: string; recordedAt: Date }>;

/** A level as reads showed it when the event had just been recorded. */
export type LevelThen = Readonly<{
  /** What could be sold; nothing as long as the level had not been observed: unknown is not zero. */
  stock: number | null;
  quantities: Quantities;
  disputed?: Disputed;
  provisional: boolean;
  revision: number;
  /** Zoho's time of the last observation that had written the level. */
  asOf?: Instant;
  /** What made it so. */
  event: AuditEntry;
}>;

/** The level at a position; nothing when it had not moved yet. */
export const levelAt = async (
  database: Database,
  { itemId, warehouseId }: LevelRef,
  { seq }: Position,
): Promise<LevelThen | undefined> => {
  const [row] = await database.query<LevelRow>(newestOfLevel('$2'), [warehouseId, itemId, seq]);
  return row && levelThen(row);
};

/** All levels of a warehouse at a moment. */
export type StockThen = Page<LevelThen> & Readonly<{ at: Position | null }>;

/**
 * In the order of their items. Later pages show the position of the first one, whatever was recorded meanwhile.
 * @throws Problem `invalid_request` for a cursor that we did not make for this moment
 */
export const stockAt = async (
  database: Database,
  warehouseId: WarehouseId,
  moment: Moment,
  { limit, cursor }: Readonly<{ limit: number; cursor?: string | undefined }>,
): Promise<StockThen> => {
  const newest = await positionAt(database, moment);
  const [after, seq] = cursor === undefined ? ['', newest?.seq] : decodeCursor(cursor, stockCursor);
  if (seq === undefined) return { at: null, items: [], nextCursor: null };
  const at = seq === newest?.seq ? newest : await positionAt(database, { seq });
  if (!newest || !at || at.seq > newest.seq) throw refusedCursor();
  const rows = await levelRowsAt(database, warehouseId, at, { limit: limit + 1, after });
  return { at, ...pageOf(rows, limit, levelThen, (row) => [row.itemId, at.seq]) };
};

const stockCursor = z.tuple([itemIdSchema, streamSeqSchema]);

/** From item to item, each by one look into the index; not over all their events. */
const levelRowsAt = (
  database: Database,
  warehouseId: WarehouseId,
  { seq, recordedAt }: Position,
  { limit, after }: Readonly<{ limit: number; after: string }>,
): Promise<readonly LevelRow[]> => {
  const itemAfter = (item: string) => `
    SELECT item_id FROM audit_events
    WHERE type = 'StockChanged' AND warehouse_id = $1 AND item_id > ${item} AND recorded_at < $4
    ORDER BY item_id LIMIT 1`;
  return database.query<LevelRow>(
    `WITH RECURSIVE levels AS (
       (${itemAfter('$2')})
       UNION ALL
       SELECT (${itemAfter('l.item_id')}) FROM levels l WHERE l.item_id IS NOT NULL)
     SELECT n.* FROM levels l CROSS JOIN LATERAL (${newestOfLevel('l.item_id')}) n LIMIT ${limit}`,
    [warehouseId, after, seq, instantFrom(millisOf(recordedAt) + CLOCK_ERROR_MS)],
  );
};

/** Months that began after the moment are not looked into, by however much the server's clock was set back. */
const CLOCK_ERROR_MS = 24 * 3_600_000;

/** The newest movement of a level, of warehouse $1, up to sequence $3. */
const newestOfLevel = (item: string) => `
  SELECT ${ENTRY_COLUMNS}, e.ce_type AS "ceType", e.item_id AS "itemId" FROM audit_events e
  WHERE e.type = 'StockChanged' AND e.warehouse_id = $1 AND e.item_id = ${item} AND e.sequence <= $3
  ORDER BY e.sequence DESC LIMIT 1`;

type LevelRow = EntryRow & Readonly<{ ceType: string; itemId: string }>;

const levelThen = (row: LevelRow): LevelThen => {
  const event = decodeEvent(row.ceType, Buffer.from(row.data));
  if (event.type !== 'StockChanged') throw new Error(`event ${row.sequence} moves no level`);
  const { revision, baselineAsOf }: StockChanged = event.data;
  const level = readLevel(event.data);
  return {
    stock: forSale(level),
    ...level,
    revision,
    ...(baselineAsOf ? { asOf: baselineAsOf } : {}),
    event: entryOf(row),
  };
};
