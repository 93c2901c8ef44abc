import { type Millionths, toMillionths } from '../quantity';
import { type Random, seededRandom } from '../random';
import { adjectives, arabicNames, nouns, serviceNames } from './names';
import { MAIN_WAREHOUSE_ID, warehouseIds } from './warehouses';

export type Item = Readonly<{
  id: string;
  sku: string;
  name: string;
  unit: string;
  /** Price of one unit, in hundredths of the currency. */
  rate: number;
  /** A service has no stock. */
  isService: boolean;
  /** Sold by weight or length: quantities like 2.375. */
  isFractional: boolean;
  /** What lay in each warehouse before the first document; the order of `warehouseIds`. */
  opening: readonly Millionths[];
}>;

export const FIRST_ITEM_ID = '2646610000000109854';

/** The items of an organisation: the same for the same size and seed. */
export const catalogue = (size: number, seed: number): readonly Item[] => {
  const random = seededRandom(seed);
  return Array.from({ length: size }, (_, index) => itemAt(index, random));
};

const ID_STEP = 2002n;
const WHOLE_UNITS = ['pcs', 'box', 'set', 'pack'];
const FRACTIONAL_UNITS = ['kg', 'm', 'l'];
const FRACTIONS = [0.1, 0.2, 0.375, 2.375, 0.625, 0.000001];

const itemAt = (index: number, random: Random): Item => {
  const isService = index % 25 === 24;
  const isFractional = !isService && index % 8 === 5;
  const unit = isService ? 'hr' : random.pick(isFractional ? FRACTIONAL_UNITS : WHOLE_UNITS);
  return {
    id: String(BigInt(FIRST_ITEM_ID) + BigInt(index) * ID_STEP),
    sku: `${isService ? 'SRV' : 'PROD'}-${String(index + 1).padStart(3, '0')}`,
    name: nameAt(index, isService, random),
    unit,
    rate: random.int(150, 90_000),
    isService,
    isFractional,
    opening: isService ? [] : warehouseIds.map((id) => openingStock(index, id, isFractional, random)),
  };
};

const nameAt = (index: number, isService: boolean, random: Random): string => {
  if (isService) return `${random.pick(serviceNames)} ${index + 1}`;
  if (index % 6 === 3) return `${random.pick(arabicNames)} ${index + 1}`;
  return `${random.pick(adjectives)} ${random.pick(nouns)} ${index + 1}`;
};

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
