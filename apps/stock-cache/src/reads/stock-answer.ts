import {
  type Disputed,
  forSale,
  type Instant,
  type ItemId,
  type LevelRef,
  type Quantities,
  type ReadLevel,
  type WarehouseId,
} from '@tallystream/contracts';

/** The one answer to "how many can I sell?". `stock` is null when nobody knows: never 0 for unknown. */
export type StockAnswer = Readonly<{
  itemId: ItemId;
  warehouseId: WarehouseId;
  stock: number | null;
  source: StockSource | 'unavailable';
  quantities?: Quantities;
  disputed?: Disputed;
  revision?: number;
  /** Zoho's time of the last observation that wrote the level. */
  asOf?: Instant;
  message?: 'Check availability';
}>;

export const stockSources = ['cache', 'balances', 'zoho'] as const;
export type StockSource = (typeof stockSources)[number];

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
