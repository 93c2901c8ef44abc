import { zohoTime } from '../clock';
import type { Item } from '../organisation/catalogue';
import { type Moment, momentAt } from '../organisation/history';
import type { Organisation } from '../organisation/organisation';
import { type Level, levelAt } from '../organisation/stock';
import { warehouseIds } from '../organisation/warehouses';
import { toUnits } from '../quantity';

export type TrueQuantities = Readonly<Record<keyof Level, number>>;
export type TrueLevel = Readonly<{ itemId: string; warehouseId: string }> & TrueQuantities;

/** What a perfect observer of these items would know, in units. Services have no levels. */
export const trueLevels = (organisation: Organisation, items: readonly Item[]): TrueLevel[] =>
  items.flatMap((item) =>
    warehouseIds.flatMap((warehouseId) => {
      const level = levelAt(organisation.stock, { itemId: item.id, warehouseId });
      return level ? { itemId: item.id, warehouseId, ...inUnits(level) } : [];
    }),
  );

/** What that observer knew at a moment, in milliseconds since 1970: of the items that were there then. */
export const trueLevelsAt = ({ history }: Organisation, at: number): TrueLevel[] =>
  [...history].flatMap(([key, moments]) => {
    const [itemId = '', warehouseId = ''] = key.split('@');
    const level = momentAt(moments, at)?.level;
    return level ? { itemId, warehouseId, ...inUnits(level) } : [];
  });

/** A moment of a level as it is shown: what happened when, and the quantities after it. */
export const shownMoment = ({ at, action, document, level }: Moment) => ({
  at: new Date(at).toISOString(),
  action,
  document: document ? { ...document, modifiedAt: zohoTime(document.modifiedAt) } : null,
  quantities: level ? inUnits(level) : null,
});

const inUnits = (level: Readonly<Level>): TrueQuantities => ({
  onHand: toUnits(level.onHand),
  committed: toUnits(level.committed),
  physicalOnHand: toUnits(level.physicalOnHand),
  physicalCommitted: toUnits(level.physicalCommitted),
  inTransit: toUnits(level.inTransit),
});
