import {
  type Instant,
  type ItemId,
  instantFrom,
  itemIdSchema,
  type LevelRef,
  levelKey,
  type ReadLevel,
  readLevel,
  type StockChanged,
  type StreamSeq,
  streamSeq,
  type WarehouseId,
  warehouseIdSchema,
} from '@tallystream/contracts';
import type { EntityManager } from 'typeorm';
import type { Database } from '../database';
import type { BalanceEntity } from './balance.entity';

/** A stock level as Postgres knows it. */
export type Balance = ReadLevel &
  Readonly<{
    itemId: ItemId;
    warehouseId: WarehouseId;
    sku?: string;
    revision: number;
    seq: StreamSeq;
    baselineAsOf?: Instant;
    occurredAt: Instant;
    recordedAt: Instant;
  }>;

export type LevelEvent = Readonly<{ data: StockChanged; seq: StreamSeq; storedAt: Instant }>;

/** Writes the newest event of each level of a batch; a row that is already newer stays. */
export const writeBalances = async (manager: EntityManager, events: readonly LevelEvent[]): Promise<void> => {
  const newest = newestOf(events);
  if (newest.length === 0) return;
  const column = (value: (event: LevelEvent) => unknown) => newest.map(value);
  await manager.query(UPSERT, [
    column(({ data }) => data.warehouseId),
    column(({ data }) => data.itemId),
    column(({ data }) => data.sku ?? null),
    column(({ data }) => data.after.onHand),
    column(({ data }) => data.after.committed),
    column(({ data }) => data.after.physicalOnHand),
    column(({ data }) => data.after.physicalCommitted),
    column(({ data }) => data.after.inTransit),
    column(({ data }) => data.after.reserved),
    column(({ data }) => data.provisional),
    column(({ data }) => data.revision),
    column(({ seq }) => seq),
    column(({ data }) => data.baselineAsOf ?? null),
    column(({ data }) => data.occurredAt),
    column(({ storedAt }) => storedAt),
    column(({ data }) => readLevel(data).disputed?.zoho ?? null),
  ]);
};

/** The newest event of each level, with the last SKU that was named: the same in whatever batches events come. */
const newestOf = (events: readonly LevelEvent[]): readonly LevelEvent[] => {
  const newest = new Map<string, LevelEvent>();
  for (const event of events) {
    const key = levelKey(event.data);
    const sku = event.data.sku ?? newest.get(key)?.data.sku;
    newest.set(key, sku === event.data.sku ? event : { ...event, data: { ...event.data, sku } });
  }
  return [...newest.values()];
};

const UPSERT = `
  INSERT INTO balances AS b (
    warehouse_id, item_id, sku, on_hand, committed, physical_on_hand, physical_committed, in_transit, reserved,
    provisional, revision, sequence, baseline_as_of, occurred_at, recorded_at, disputed)
  SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[], $8::numeric[],
    $9::numeric[], $10::boolean[], $11::integer[], $12::bigint[], $13::timestamptz[], $14::timestamptz[],
    $15::timestamptz[], $16::numeric[])
  ON CONFLICT (warehouse_id, item_id) DO UPDATE SET
    sku = coalesce(EXCLUDED.sku, b.sku),
    on_hand = EXCLUDED.on_hand,
    committed = EXCLUDED.committed,
    physical_on_hand = EXCLUDED.physical_on_hand,
    physical_committed = EXCLUDED.physical_committed,
    in_transit = EXCLUDED.in_transit,
    reserved = EXCLUDED.reserved,
    provisional = EXCLUDED.provisional,
    revision = EXCLUDED.revision,
    sequence = EXCLUDED.sequence,
    baseline_as_of = EXCLUDED.baseline_as_of,
    occurred_at = EXCLUDED.occurred_at,
    recorded_at = EXCLUDED.recorded_at,
    disputed = EXCLUDED.disputed
  WHERE b.revision < EXCLUDED.revision`;

/** The level of one item in one warehouse, if there is one. */
export const findBalance = async (
  database: Database,
  { itemId, warehouseId }: Readonly<{ itemId: ItemId; warehouseId: WarehouseId }>,
): Promise<Balance | undefined> => {
  const rows = await database.query<BalanceRow>(
    `SELECT ${BALANCE_COLUMNS} FROM balances b WHERE b.warehouse_id = $1 AND b.item_id = $2`,
    [warehouseId, itemId],
  );
  return rows[0] && balanceOf(rows[0]);
};

/** Many levels by warehouse and item; those that do not exist are left out. */
export const findBalances = async (
  database: Database,
  refs: readonly LevelRef[],
): Promise<readonly Balance[]> => {
  const rows = await database.query<BalanceRow>(
    `SELECT ${BALANCE_COLUMNS} FROM balances b
     WHERE (b.warehouse_id, b.item_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
    [refs.map(({ warehouseId }) => warehouseId), refs.map(({ itemId }) => itemId)],
  );
  return rows.map(balanceOf);
};

export type BalanceRow = BalanceEntity;

/** Of the table `balances`, as `b`. */
export const BALANCE_COLUMNS = `
  b.warehouse_id AS "warehouseId", b.item_id AS "itemId", b.sku, b.on_hand AS "onHand", b.committed,
  b.physical_on_hand AS "physicalOnHand", b.physical_committed AS "physicalCommitted",
  b.in_transit AS "inTransit", b.reserved, b.disputed, b.provisional, b.revision, b.sequence,
  b.baseline_as_of AS "baselineAsOf", b.occurred_at AS "occurredAt", b.recorded_at AS "recordedAt"`;

export const balanceOf = (row: BalanceRow): Balance => ({
  itemId: itemIdSchema.parse(row.itemId),
  warehouseId: warehouseIdSchema.parse(row.warehouseId),
  ...(row.sku ? { sku: row.sku } : {}),
  quantities: {
    onHand: Number(row.onHand),
    committed: Number(row.committed),
    physicalOnHand: Number(row.physicalOnHand),
    physicalCommitted: Number(row.physicalCommitted),
    inTransit: Number(row.inTransit),
    reserved: Number(row.reserved),
  },
  provisional: row.provisional,
  ...(row.disputed === null ? {} : { disputed: { zoho: Number(row.disputed) } }),
  revision: row.revision,
  seq: streamSeq(Number(row.sequence)),
  ...(row.baselineAsOf ? { baselineAsOf: instantFrom(row.baselineAsOf.getTime()) } : {}),
  occurredAt: instantFrom(row.occurredAt.getTime()),
  recordedAt: instantFrom(row.recordedAt.getTime()),
});
