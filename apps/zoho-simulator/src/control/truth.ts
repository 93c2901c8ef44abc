import type { Item } from '../organisation/catalogue';
import type { Organisation } from '../organisation/organisation';
import { type Level, levelAt } from '../organisation/stock';
import { warehouseIds } from '../organisation/warehouses';
import { toUnits } from '../quantity';

export type TrueLevel = Readonly<{
  itemId: string;
  warehouseId: string;
  onHand: number;
  committed: number;
  physicalOnHand: number;
  physicalCommitted: number;
  inTransit: number;
}>;

/** What a perfect observer of these items would know, in units. Services have no levels. */
export const trueLevels = (organisation: Organisation, items: readonly Item[]): TrueLevel[] =>
  items.flatMap((item) =>
    warehouseIds.flatMap((warehouseId) => {
      const level = levelAt(organisation.stock, { itemId: item.id, warehouseId });
      return level ? { itemId: item.id, warehouseId, ...inUnits(level) } : [];
    }),
  );

export const inUnits = (level: Readonly<Level>): Record<keyof Level, number> => ({
  onHand: toUnits(level.onHand),
  committed: toUnits(level.committed),
  physicalOnHand: toUnits(level.physicalOnHand),
  physicalCommitted: toUnits(level.physicalCommitted),
  inTransit: toUnits(level.inTransit),
});
