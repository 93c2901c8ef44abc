import { type Millionths, toMillionths } from '../quantity';
import { type Random, seededRandom } from '../random';
import { adjectives, arabicNames, nouns, serviceNames } from './names';
import { MAIN_WAREHOUSE_ID, warehouseIds } from './warehouses';

/** An item as Zoho keeps it. Times are whole seconds since 1970. */
export type Item = {
  readonly type: 'item';
  readonly id: string;
  sku: string;
  name: string;
  /** Kept in a custom field of the organisation's own making. */
  arabicName?: string;
  readonly unit: string;
  /** Prices of one unit, in hundredths of the currency. */
  rate: number;
  purchaseRate: number;
  /** Units. A service has none. */
  reorderLevel?: number;
  status: 'active' | 'inactive' | 'deleted';
  readonly image?: Readonly<{ documentId: string; name: string }>;
  /** A service has no stock. */
  readonly isService: boolean;
  /** Sold by weight or length: quantities like 2.375. */
  readonly isFractional: boolean;
  readonly createdAt: number;
  /** When its own fields changed last. Stock that moves does not change them. */
  modifiedAt: number;
  /** What lay in each warehouse before the first document; the order of `warehouseIds`. */
  readonly opening: readonly Millionths[];
};

export type CatalogueOptions = Readonly<{ items: number; seed: number; inactive?: number }>;

export const FIRST_ITEM_ID = '2646610000000109854';

/** The items of an organisation: the same for the same size and seed. */
export const catalogue = ({ items, seed, inactive = 0 }: CatalogueOptions): Item[] => {
  const random = seededRandom(seed);
  const made = Array.from({ length: items }, (_, index) => itemAt(index, random));
  // The first item stays active whatever is asked for: examples and tests count on it.
  for (const item of made.slice(Math.max(1, items - inactive))) item.status = 'inactive';
  return made;
};

const ID_STEP = 2002n;
const WHOLE_UNITS = ['pcs', 'box', 'set', 'pack'];
const FRACTIONAL_UNITS = ['kg', 'm', 'l'];
const FRACTIONS = [0.1, 0.2, 0.375, 2.375, 0.625, 0.000001];
/** 2024-01-15T10:00:00+0530 */
const FIRST_CREATED = Date.UTC(2024, 0, 15, 4, 30) / 1000;

const itemAt = (index: number, random: Random): Item => {
  const isService = index % 25 === 24;
  const isFractional = !isService && index % 8 === 5;
  const unit = isService ? 'hr' : random.pick(isFractional ? FRACTIONAL_UNITS : WHOLE_UNITS);
  const name = nameAt(index, isService, random);
  const rate = random.int(150, 90_000);
  const id = String(BigInt(FIRST_ITEM_ID) + BigInt(index) * ID_STEP);
  return {
    type: 'item',
    id,
    sku: `${isService ? 'SRV' : 'PROD'}-${String(index + 1).padStart(3, '0')}`,
    name,
    ...arabicNameAt(index),
    unit,
    rate,
    purchaseRate: Math.round(rate * 0.6),
    ...(isService ? {} : { reorderLevel: 5 + (index % 4) * 5 }),
    status: 'active',
    ...imageAt(index, isService),
    isService,
    isFractional,
    createdAt: FIRST_CREATED + index * 60,
    modifiedAt: FIRST_CREATED + index * 60,
    opening: isService ? [] : warehouseIds.map((id) => openingStock(index, id, isFractional, random)),
  };
};

const nameAt = (index: number, isService: boolean, random: Random): string => {
  if (isService) return `${random.pick(serviceNames)} ${index + 1}`;
  if (index % 6 === 3) return `${random.pick(arabicNames)} ${index + 1}`;
  return `${random.pick(adjectives)} ${random.pick(nouns)} ${index + 1}`;
};

/** Four of five have one, as in organisations that fill the field in by hand. */
const arabicNameAt = (index: number): Pick<Item, 'arabicName'> =>
  index % 5 === 4 ? {} : { arabicName: `${arabicNames[index % arabicNames.length]} ${index + 1}` };

const FIRST_IMAGE_ID = 2646610000003000000n;

const imageAt = (index: number, isService: boolean): Pick<Item, 'image'> =>
  isService || index % 3 === 2
    ? {}
    : { image: { documentId: String(FIRST_IMAGE_ID + BigInt(index)), name: `item-${index + 1}.png` } };

const openingStock = (
  index: number,
  warehouseId: string,
  isFractional: boolean,
  random: Random,
): Millionths => {
  const whole = random.chance(0.15) ? 0 : random.int(1, 200);
  const fraction = isFractional ? random.pick(FRACTIONS) : 0;
  return toMillionths(index === 0 && warehouseId === MAIN_WAREHOUSE_ID ? 120 : whole + fraction);
};
