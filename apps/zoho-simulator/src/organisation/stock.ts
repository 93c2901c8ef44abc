import type { Millionths } from '../quantity';
import type { Item } from './catalogue';
import { warehouseIds } from './warehouses';

/** The truth about one item in one warehouse. */
export type Level = {
  onHand: Millionths;
  committed: Millionths;
  physicalOnHand: Millionths;
  physicalCommitted: Millionths;
  inTransit: Millionths;
};
export type QuantityName = keyof Level;

/** The truth: every tracked item in every warehouse. Changed in place, by bookings only. */
export type Stock = Map<string, Level>;

export const openingStock = (items: readonly Item[]): Stock =>
  new Map(
    items.flatMap((item) =>
      item.opening.map((opening, index): [string, Level] => [
        levelKey(item.id, warehouseIds[index] ?? ''),
        { onHand: opening, committed: 0n, physicalOnHand: opening, physicalCommitted: 0n, inTransit: 0n },
      ]),
    ),
  );

export const levelKey = (itemId: string, warehouseId: string): string => `${itemId}@${warehouseId}`;

/** Moves one quantity of a level. A service has no level, and moves nothing. */
export const move = (
  stock: Stock,
  where: Readonly<{ itemId: string; warehouseId: string }>,
  quantity: QuantityName,
  by: Millionths,
): void => {
  const level = stock.get(levelKey(where.itemId, where.warehouseId));
  if (level) level[quantity] += by;
};
