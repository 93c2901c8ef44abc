import { Inject, Injectable, Logger } from '@nestjs/common';
import { type ItemId, type LevelRef, Problem } from '@tallystream/contracts';
import { Database, findBalances } from '@tallystream/projection-store';
import type { CachedLevels, StockCache } from '@tallystream/redis';
import { READ_CACHE } from '../tokens';
import type { KnownLevel } from './stock-answer';
import { whileItAnswers } from './while-it-answers';

/** By item, all of one warehouse. */
export type StoredLevels = ReadonlyMap<ItemId, KnownLevel>;

/** The two stores that know levels. What is away, or too slow, is passed over. */
@Injectable()
export class LevelStores {
  private readonly logger = new Logger('stock');

  private readonly askRedis = whileItAnswers({
    // Whatever is wrong with the cache, Postgres may know.
    isAway: () => true,
    failures: 3,
    pauseMs: 500,
    // Its client ends what takes longer than READ_PATIENCE_MS: a timer more for every read would cost more than the read.
    changed: (isBack, error) =>
      isBack
        ? this.logger.log('reads come from Redis again')
        : this.logger.warn(`reads come from Postgres, as Redis fails: ${error?.message ?? 'no answer'}`),
  });

  private readonly askPostgres = whileItAnswers({
    isAway: (error) => error instanceof Problem,
    failures: 3,
    pauseMs: 1_000,
    longestMs: 1_000,
    changed: (isBack, error) =>
      isBack
        ? this.logger.log('reads find in Postgres again what Redis does not have')
        : this.logger.warn(`reads do without Postgres, as it fails: ${error?.message ?? 'no answer'}`),
  });

  constructor(
    @Inject(READ_CACHE) private readonly cache: StockCache,
    private readonly database: Database,
  ) {}

  /** Nothing when Redis is away. */
  cached(refs: readonly LevelRef[]): Promise<CachedLevels | undefined> {
    return this.askRedis(() => this.cache.levels(refs));
  }

  /** Nothing when Postgres is away. */
  stored(refs: readonly LevelRef[]): Promise<StoredLevels | undefined> {
    return this.askPostgres(async () => {
      const balances = await findBalances(this.database, refs);
      return new Map(
        balances.map(({ itemId, baselineAsOf, ...level }) => [
          itemId,
          { ...level, ...(baselineAsOf ? { asOf: baselineAsOf } : {}) },
        ]),
      );
    });
  }
}
