import type { LineInput, NewDocument } from '../bookings/booking';
import type { Item } from '../organisation/catalogue';
import { customers } from '../organisation/contacts';
import { namings } from '../organisation/documents';
import type { Organisation } from '../organisation/organisation';
import type { Random } from '../random';
import type { Scope } from './scope';

/** Contents of a new document: one to five lines mostly, rarely forty. */
export const randomContent = (
  organisation: Organisation,
  random: Random,
  scope: Scope,
  options: Readonly<{ services: boolean; oneWarehouse?: boolean }>,
): NewDocument => {
  const naming = random.pick(namings);
  const branchId = random.pick(scope.warehouseIds);
  const count = random.chance(0.02) ? 40 : random.int(1, 5);
  const isTogether = naming === 'header' || options.oneWarehouse === true;
  const together = naming === 'header' ? branchId : random.pick(scope.warehouseIds);
  return {
    contact: random.int(0, customers.length - 1),
    branchId,
    naming,
    lines: Array.from({ length: count }, (): LineInput => {
      const item = randomItem(organisation, random, scope, options);
      const warehouseId = isTogether ? together : random.pick(scope.warehouseIds);
      return { itemId: item.id, warehouseId, quantity: randomQuantity(random, item) };
    }),
  };
};

const FRACTIONS = [0.1, 0.2, 0.3, 0.375, 2.375, 1.125, 0.000001];

/** Small, so that stock does not run away; fractional for what is weighed or measured. */
export const randomQuantity = (random: Random, item: Item | undefined): number =>
  item?.isFractional ? random.pick(FRACTIONS) : random.int(1, 12);

const TRIES = 1000;

/** An active item of the scope. */
export const randomItem = (
  { items }: Organisation,
  random: Random,
  scope: Scope,
  options: Readonly<{ services: boolean }>,
): Item => {
  const last = Math.min(items.length, scope.items) - 1;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const item = items[random.int(0, last)];
    if (item?.status === 'active' && (options.services || !item.isService)) return item;
  }
  throw new Error('random traffic needs active items that have stock');
};
