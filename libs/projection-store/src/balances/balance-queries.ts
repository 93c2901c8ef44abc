import { type ItemId, plainTextSchema, type WarehouseId } from '@tallystream/contracts';
import { z } from 'zod';
import { prefixQuery } from '../catalogue/item-search';
import { conditions } from '../conditions';
import { decodeCursor, type Page, pageOf } from '../cursor';
import type { Database } from '../database';
import { BALANCE_COLUMNS, type Balance, type BalanceRow, balanceOf } from './balance-store';

/** A level with the names that the catalogue has for it; absent as long as it has none. */
export type NamedBalance = Balance &
  Readonly<{ itemName?: string; arabicName?: string; warehouseName?: string }>;

export const balanceStatuses = ['in', 'out', 'low', 'unknown'] as const;

export type BalanceFilter = Readonly<{
  warehouse?: WarehouseId;
  item?: ItemId;
  sku?: string;
  /** Beginnings of words of the item's name, Arabic name or SKU: all of them must be there. */
  q?: string;
  /**
   * `in`: some for sale; `out`: none; `low`: the item has a reorder level and no more than that is for sale;
   * `unknown`: never observed.
   */
  status?: (typeof balanceStatuses)[number];
  limit: number;
  cursor?: string;
}>;

/** Levels in order of warehouse and item; the order does not change while rows do. */
export const listBalances = async (
  database: Database,
  filter: BalanceFilter,
): Promise<Page<NamedBalance>> => {
  const where = conditions();
  where.addIf('b.warehouse_id = ?', filter.warehouse);
  where.addIf('b.item_id = ?', filter.item);
  if (filter.sku) where.add(BY_SKU, filter.sku, filter.sku, filter.sku);
  if (filter.q) where.add('i.search @@ ?::tsquery', prefixQuery(filter.q));
  if (filter.status) where.add(statusConditions[filter.status]);
  if (filter.cursor) {
    where.add(
      '(b.warehouse_id, b.item_id) > (?, ?)',
      ...decodeCursor(filter.cursor, z.tuple([plainTextSchema, plainTextSchema])),
    );
  }
  const rows = await database.query<NamedRow>(
    `${SELECT} ${where.where()} ORDER BY b.warehouse_id, b.item_id LIMIT ${filter.limit + 1}`,
    where.parameters(),
  );
  return pageOf(rows, filter.limit, namedBalanceOf, (row) => [row.warehouseId, row.itemId]);
};

/** The SKU that is shown; both indexes say which items can have it. */
const BY_SKU = `
  b.item_id IN (SELECT item_id FROM balances WHERE sku = ? UNION SELECT item_id FROM items WHERE sku = ?)
  AND coalesce(b.sku, i.sku) = ?`;

/** As `forSale` of the contracts; `least` passes over what is null. */
const FOR_SALE = 'least(b.on_hand - b.committed - b.reserved, b.disputed)';
const statusConditions = {
  in: `NOT b.provisional AND ${FOR_SALE} > 0`,
  out: `NOT b.provisional AND ${FOR_SALE} <= 0`,
  low: `NOT b.provisional AND i.tracks_stock AND ${FOR_SALE} <= i.reorder_level`,
  unknown: 'b.provisional',
} as const;

type NamedRow = BalanceRow &
  Readonly<{
    catalogueSku: string | null;
    itemName: string | null;
    arabicName: string | null;
    warehouseName: string | null;
  }>;

const SELECT = `
  SELECT ${BALANCE_COLUMNS}, i.sku AS "catalogueSku", i.name AS "itemName", i.arabic_name AS "arabicName",
    w.name AS "warehouseName"
  FROM balances b
  LEFT JOIN items i ON i.item_id = b.item_id
  LEFT JOIN warehouses w ON w.warehouse_id = b.warehouse_id`;

const namedBalanceOf = (row: NamedRow): NamedBalance => ({
  ...(row.catalogueSku ? { sku: row.catalogueSku } : {}),
  ...balanceOf(row),
  ...(row.itemName ? { itemName: row.itemName } : {}),
  ...(row.arabicName ? { arabicName: row.arabicName } : {}),
  ...(row.warehouseName ? { warehouseName: row.warehouseName } : {}),
});
