import {
  forSale,
  type Instant,
  type LevelRef,
  type ReadLevel,
  type StockAnswer,
} from '@tallystream/contracts';

/** Stores that know levels, as answers name them. */
export type StockSource = Exclude<StockAnswer['source'], 'unavailable'>;

/** A level as a store tells of it. */
export type KnownLevel = ReadLevel & Readonly<{ revision: number; asOf?: Instant }>;

export const stockAnswer = (
  { itemId, warehouseId }: LevelRef,
  source: StockSource,
  level: KnownLevel | undefined,
): StockAnswer => {
  const stock = level ? forSale(level) : null;
  if (!level || stock === null) {
    return { itemId, warehouseId, stock: null, source: 'unavailable', message: 'Check availability' };
  }
  const { quantities, disputed, revision, asOf } = level;
  return {
    itemId,
    warehouseId,
    stock,
    source,
    quantities,
    ...(disputed && { disputed }),
    revision,
    ...(asOf && { asOf }),
  };
};
