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
export type Stock = Readonly<{
  levels: Map<string, Level>;
  /** Keys of what the booking under way has moved. */
  touched: Set<string>;
}>;

export const openingStock = (items: readonly Item[]): Stock => {
  const stock: Stock = { levels: new Map(), touched: new Set() };
  for (const item of items) openLevels(stock, item);
  return stock;
};

/** Gives an item its levels, in every warehouse. */
export const openLevels = (stock: Stock, item: Item): void => {
  item.opening.forEach((opening, index) => {
    const key = levelKey(item.id, warehouseIds[index] ?? '');
    stock.levels.set(key, { ...nothing, onHand: opening, physicalOnHand: opening });
  });
};

export const nothing: Level = {
  onHand: 0n,
  committed: 0n,
  physicalOnHand: 0n,
  physicalCommitted: 0n,
  inTransit: 0n,
};

export type Place = Readonly<{ itemId: string; warehouseId: string }>;

export const levelKey = (itemId: string, warehouseId: string): string => `${itemId}@${warehouseId}`;

export const levelAt = (stock: Stock, { itemId, warehouseId }: Place): Level | undefined =>
  stock.levels.get(levelKey(itemId, warehouseId));

/** Moves one quantity of a level. A service has no level, and moves nothing. */
export const move = (stock: Stock, where: Place, quantity: QuantityName, by: Millionths): void => {
  const level = levelAt(stock, where);
  if (!level || by === 0n) return;
  level[quantity] += by;
  stock.touched.add(levelKey(where.itemId, where.warehouseId));
};
