import {
  type Delta,
  type DriftDetected,
  type DriftId,
  driftIdSchema,
  driftResolutions,
  type Instant,
  type ItemId,
  instantFrom,
  itemIdSchema,
  type Side,
  type StreamSeq,
  streamSeq,
  type WarehouseId,
  warehouseIdSchema,
} from '@tallystream/contracts';
import { z } from 'zod';
import { conditions } from '../conditions';
import { decodeCursor, type Page, pageOf } from '../cursor';
import type { Database } from '../database';

/** Waiting for a decision, or how it ended. */
export const driftStatuses = ['open', ...driftResolutions] as const;
export type DriftStatus = (typeof driftStatuses)[number];

/** A drift, with the names that the catalogue has now; absent as long as it has none. */
export type Drift = Readonly<{
  driftId: DriftId;
  itemId: ItemId;
  itemName?: string;
  arabicName?: string;
  sku?: string;
  warehouseId: WarehouseId;
  warehouseName?: string;
  side: Side;
  verdict: DriftDetected['verdict'];
  status: DriftStatus;
  difference: Delta;
  detectedAt: Instant;
  /** Of the event that found it. */
  seq: StreamSeq;
  /** Absent while it is open. */
  resolved?: DriftEnd;
}>;

/** How a drift ended is its status; this is by whom, and when. */
export type DriftEnd = Readonly<{
  at: Instant;
  actor: string;
  note?: string;
  /** Zoho's time of the observation that the level was set to; absent when it was not. */
  asOf?: Instant;
  seq: StreamSeq;
}>;

export type DriftFilter = Readonly<{
  status?: DriftStatus;
  item?: ItemId;
  warehouse?: WarehouseId;
  /** By the time of the observation that found it, from inclusive, to exclusive. */
  from?: Instant;
  to?: Instant;
  limit: number;
  cursor?: string;
}>;

/** The last one found first; the order does not change when drifts are decided. */
export const listDrifts = async (database: Database, filter: DriftFilter): Promise<Page<Drift>> => {
  const where = conditions();
  where.add(IS_DETECTED);
  where.addIf('d.status = ?', filter.status);
  where.addIf('d.item_id = ?', filter.item);
  where.addIf('d.warehouse_id = ?', filter.warehouse);
  where.addIf('d.detected_at >= ?', filter.from);
  where.addIf('d.detected_at < ?', filter.to);
  if (filter.cursor) where.add('d.detected_sequence < ?', ...decodeCursor(filter.cursor, z.tuple([z.int()])));
  const rows = await database.query<DriftRow>(
    `SELECT ${COLUMNS} FROM drifts d ${where.where()}
     ORDER BY d.detected_sequence DESC LIMIT ${filter.limit + 1}`,
    where.parameters(),
  );
  return pageOf(rows, filter.limit, driftOf, (row) => [Number(row.detectedSequence)]);
};

/** One drift with all that it was judged by. */
export const findDrift = async (
  database: Database,
  driftId: DriftId,
): Promise<(Drift & Readonly<{ evidence: DriftDetected }>) | undefined> => {
  const rows = await database.query<DriftRow & Readonly<{ evidence: DriftDetected }>>(
    `SELECT ${COLUMNS}, d.evidence FROM drifts d WHERE d.drift_id = $1 AND ${IS_DETECTED}`,
    [driftId],
  );
  return rows[0] && { ...driftOf(rows[0]), evidence: rows[0].evidence };
};

/** How many wait for a decision, by side; with `before`, of those that were found before that moment. */
export const countOpenDrifts = async (
  database: Database,
  before?: Instant,
): Promise<Readonly<Record<Side, number>>> => {
  const where = conditions();
  where.add(`d.status = 'open'`);
  where.addIf('d.detected_at < ?', before);
  const rows = await database.query<{ side: Side; count: string }>(
    `SELECT d.side, count(*) AS count FROM drifts d ${where.where()} GROUP BY d.side`,
    where.parameters(),
  );
  const count = (side: Side) => Number(rows.find((row) => row.side === side)?.count ?? 0);
  return { accounting: count('accounting'), physical: count('physical') };
};

/** A drift whose end came before its beginning cannot say yet what it is. */
const IS_DETECTED = 'd.detected_sequence IS NOT NULL';

/** Names are looked up for the rows of the page only. */
const COLUMNS = `
  d.drift_id AS "driftId", d.item_id AS "itemId", d.warehouse_id AS "warehouseId", d.sku, d.side, d.verdict,
  d.status, d.difference, d.detected_at AS "detectedAt", d.detected_sequence AS "detectedSequence", d.note,
  d.actor, d.as_of AS "asOf", d.resolved_at AS "resolvedAt", d.resolved_sequence AS "resolvedSequence",
  (SELECT i.name FROM items i WHERE i.item_id = d.item_id) AS "itemName",
  (SELECT i.arabic_name FROM items i WHERE i.item_id = d.item_id) AS "arabicName",
  (SELECT i.sku FROM items i WHERE i.item_id = d.item_id) AS "catalogueSku",
  (SELECT w.name FROM warehouses w WHERE w.warehouse_id = d.warehouse_id) AS "warehouseName"`;

type DriftRow = Readonly<{
  driftId: string;
  itemId: string;
  itemName: string | null;
  arabicName: string | null;
  sku: string | null;
  catalogueSku: string | null;
  warehouseId: string;
  warehouseName: string | null;
  side: Side;
  verdict: DriftDetected['verdict'];
  status: DriftStatus;
  difference: Delta;
  detectedAt: Date;
  detectedSequence: string;
  note: string | null;
  actor: string | null;
  asOf: Date | null;
  resolvedAt: Date | null;
  resolvedSequence: string | null;
}>;

const driftOf = (row: DriftRow): Drift => {
  const sku = row.sku ?? row.catalogueSku;
  const resolved = endOf(row);
  return {
    driftId: driftIdSchema.parse(row.driftId),
    itemId: itemIdSchema.parse(row.itemId),
    ...(row.itemName ? { itemName: row.itemName } : {}),
    ...(row.arabicName ? { arabicName: row.arabicName } : {}),
    ...(sku ? { sku } : {}),
    warehouseId: warehouseIdSchema.parse(row.warehouseId),
    ...(row.warehouseName ? { warehouseName: row.warehouseName } : {}),
    side: row.side,
    verdict: row.verdict,
    status: row.status,
    difference: row.difference,
    detectedAt: instantFrom(row.detectedAt.getTime()),
    seq: streamSeq(Number(row.detectedSequence)),
    ...(resolved ? { resolved } : {}),
  };
};

/** An end from before the drift was found again is none. */
const endOf = ({ resolvedAt, actor, note, asOf, ...row }: DriftRow): DriftEnd | undefined => {
  const seq = Number(row.resolvedSequence ?? 0);
  if (!resolvedAt || actor === null || seq < Number(row.detectedSequence)) return undefined;
  return {
    at: instantFrom(resolvedAt.getTime()),
    actor,
    ...(note ? { note } : {}),
    ...(asOf ? { asOf: instantFrom(asOf.getTime()) } : {}),
    seq: streamSeq(seq),
  };
};
