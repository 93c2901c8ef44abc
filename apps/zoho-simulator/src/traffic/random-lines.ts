import type { LineInput, NewDocument } from '../bookings/booking';
import type { Item } from '../organisation/catalogue';
import { customers } from '../organisation/contacts';
import { namings } from '../organisation/documents';
import type { Organisation } from '../organisation/organisation';
import { warehouseIds } from '../organisation/warehouses';
import type { Random } from '../random';

/** Contents of a new document: one to five lines mostly, rarely forty. */
export const randomContent = (
  organisation: Organisation,
  random: Random,
  options: Readonly<{ services: boolean }>,
): NewDocument => {
  const naming = random.pick(namings);
  const branchId = random.pick(warehouseIds);
  const count = random.chance(0.02) ? 40 : random.int(1, 5);
  return {
    contact: random.int(0, customers.length - 1),
    branchId,
    naming,
    lines: Array.from({ length: count }, (): LineInput => {
      const item = randomItem(organisation, random, options.services);
      const warehouseId = naming === 'header' ? branchId : random.pick(warehouseIds);
      return { itemId: item.id, warehouseId, quantity: randomQuantity(random, item) };
    }),
  };
};

const FRACTIONS = [0.1, 0.2, 0.3, 0.375, 2.375, 1.125, 0.000001];

/** Small, so that stock does not run away; fractional for what is weighed or measured. */
export const randomQuantity = (random: Random, item: Item | undefined): number =>
  item?.isFractional ? random.pick(FRACTIONS) : random.int(1, 12);

const randomItem = (organisation: Organisation, random: Random, services: boolean): Item => {
  const item = random.pick(organisation.items);
  return item.isService && !services ? randomItem(organisation, random, services) : item;
};
