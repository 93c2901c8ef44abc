import {
  type CatalogueStatus,
  catalogueStatusSchema,
  type Instant,
  type ItemId,
  instantFrom,
  plainTextSchema,
  type WarehouseId,
  warehouseIdSchema,
} from '@tallystream/contracts';
import { z } from 'zod';
import { conditions } from '../conditions';
import { decodeCursor, type Page, pageOf } from '../cursor';
import type { Database } from '../database';

/** A warehouse as Postgres knows it. */
export type Warehouse = Readonly<{
  warehouseId: WarehouseId;
  name: string;
  status: CatalogueStatus;
  isPrimary: boolean;
  /** When Zoho said so. */
  asOf: Instant;
}>;

/** In order of their ids, those that are gone with the others: levels may still name them. */
export const listWarehouses = async (
  database: Database,
  { limit, cursor }: Readonly<{ limit: number; cursor?: string | undefined }>,
): Promise<Page<Warehouse>> => {
  const where = conditions();
  if (cursor) where.add('warehouse_id > ?', ...decodeCursor(cursor, z.tuple([plainTextSchema])));
  const rows = await database.query<WarehouseRow>(
    `SELECT warehouse_id AS "warehouseId", name, status, is_primary AS "isPrimary", occurred_at AS "occurredAt"
     FROM warehouses ${where.where()} ORDER BY warehouse_id LIMIT ${limit + 1}`,
    where.parameters(),
  );
  return pageOf(rows, limit, warehouseOf, (row) => [row.warehouseId]);
};

type WarehouseRow = Readonly<{
  warehouseId: string;
  name: string;
  status: string;
  isPrimary: boolean;
  occurredAt: Date;
}>;

const warehouseOf = ({ warehouseId, status, occurredAt, ...rest }: WarehouseRow): Warehouse => ({
  ...rest,
  warehouseId: warehouseIdSchema.parse(warehouseId),
  status: catalogueStatusSchema.parse(status),
  asOf: instantFrom(occurredAt.getTime()),
});

/** Whether the catalogue has ever had the item. */
export const isCatalogued = async (database: Database, itemId: ItemId): Promise<boolean> =>
  (await database.query('SELECT 1 FROM items WHERE item_id = $1', [itemId])).length > 0;
