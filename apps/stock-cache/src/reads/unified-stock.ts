import { Inject, Injectable } from '@nestjs/common';
import {
  type Disputed,
  forSale,
  type Instant,
  type ItemId,
  type LevelRef,
  Problem,
  type Quantities,
  type WarehouseId,
} from '@tallystream/contracts';
import { CONFIG, type Config } from '@tallystream/platform';
import { type Balance, Database, findBalance } from '@tallystream/projection-store';
import type { CachedLevel, StockCache } from '@tallystream/redis';
import { STOCK_CACHE } from './tokens';

/** The one answer to "how many can I sell?". `stock` is null when nobody knows: never 0 for unknown. */
export type StockAnswer = Readonly<{
  itemId: ItemId;
  warehouseId: WarehouseId;
  stock: number | null;
  source: 'cache' | 'balances' | 'unavailable';
  quantities?: Quantities;
  disputed?: Disputed;
  revision?: number;
  asOf?: Instant;
  message?: 'Check availability';
}>;

/** Redis, then Postgres, then "unavailable". A store that is away is passed over. */
@Injectable()
export class UnifiedStock {
  constructor(
    @Inject(STOCK_CACHE) private readonly cache: StockCache,
    private readonly database: Database,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async stockOf(itemId: ItemId, warehouse?: WarehouseId): Promise<StockAnswer> {
    const ref = { itemId, warehouseId: warehouse ?? this.config.SALES_WAREHOUSE_ID };
    // Whatever is wrong with the cache, Postgres may know.
    const cached = await this.cache.publicLevel(ref.itemId, ref.warehouseId).catch(() => undefined);
    if (cached) return answer(ref, 'cache', cached);
    const balance = await findBalance(this.database, ref).catch(nothingWhenAway);
    return balance ? answer(ref, 'balances', levelOf(balance)) : unavailable(ref);
  }
}

const answer = (
  ref: LevelRef,
  source: 'cache' | 'balances',
  level: Omit<CachedLevel, 'seq'>,
): StockAnswer => {
  const { quantities, disputed, revision, asOf } = level;
  const stock = forSale(level);
  if (stock === null) return unavailable(ref);
  return {
    ...ref,
    stock,
    source,
    quantities,
    ...(disputed ? { disputed } : {}),
    revision,
    ...(asOf ? { asOf } : {}),
  };
};

const unavailable = (ref: LevelRef): StockAnswer => ({
  ...ref,
  stock: null,
  source: 'unavailable',
  message: 'Check availability',
});

const levelOf = ({ baselineAsOf, ...level }: Balance): Omit<CachedLevel, 'seq'> => ({
  ...level,
  ...(baselineAsOf ? { asOf: baselineAsOf } : {}),
});

const nothingWhenAway = (error: unknown): undefined => {
  if (error instanceof Problem) return undefined;
  throw error;
};
