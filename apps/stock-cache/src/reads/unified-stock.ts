import { Inject, Injectable } from '@nestjs/common';
import {
  type ItemId,
  type LevelRef,
  Problem,
  type StockAnswer,
  type StreamSeq,
  type WarehouseId,
} from '@tallystream/contracts';
import type { ProjectionProgress } from '@tallystream/jetstream';
import { CONFIG, type Config } from '@tallystream/platform';
import type { CachedLevels } from '@tallystream/redis';
import { BALANCES_PROGRESS, CACHE_PROGRESS } from '../tokens';
import { FetchOnMiss } from './fetch-on-miss';
import { LevelStores } from './level-stores';
import { countReads } from './metrics';
import { stockAnswer } from './stock-answer';

export type StockQuestion = Readonly<{
  /** Absent: the sales warehouse. */
  warehouse?: WarehouseId | undefined;
  /** Only what has passed this sequence of the ledger is answered. */
  waitForSeq?: StreamSeq | undefined;
  /** Whether Zoho may be asked for what no store knows. */
  fetchOnMiss?: boolean | undefined;
}>;

/** Which stores may answer. */
type Passed = Readonly<{
  /** The position that the cache must have when it is read; nothing: it may not answer. */
  cacheAt: number | undefined;
  /** Whether the balances may, in the end. @throws Problem `wait_timeout` */
  balances: () => Promise<boolean>;
}>;

const always: Passed = { cacheAt: 0, balances: async () => true };

/**
 * The one number, by the one way, for one item or thousands: Redis, then Postgres, then Zoho if it is wanted, then
 * "unavailable".
 */
@Injectable()
export class UnifiedStock {
  constructor(
    private readonly stores: LevelStores,
    private readonly misses: FetchOnMiss,
    @Inject(CACHE_PROGRESS) private readonly cacheProgress: ProjectionProgress,
    @Inject(BALANCES_PROGRESS) private readonly balancesProgress: ProjectionProgress,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** An answer for each item, in the order asked for, each once. @throws Problem `wait_timeout` */
  async read(itemIds: readonly ItemId[], question: StockQuestion = {}): Promise<readonly StockAnswer[]> {
    const warehouseId = question.warehouse ?? this.config.SALES_WAREHOUSE_ID;
    const refs = Array.from(new Set(itemIds), (itemId) => ({ itemId, warehouseId }));
    const passed = question.waitForSeq === undefined ? always : await this.passed(question.waitForSeq);
    const known = await this.known(refs, passed);
    const answers = question.fetchOnMiss ? await this.fetched(known, passed) : known;
    countReads(answers);
    return answers;
  }

  private async known(refs: readonly LevelRef[], passed: Passed): Promise<readonly StockAnswer[]> {
    const levels = await this.cached(refs, passed);
    const missing = levels ? refs.filter((_, place) => !levels[place]) : refs;
    const isStored = missing.length > 0 && (await passed.balances());
    const stored = isStored ? await this.stores.stored(missing) : undefined;
    return refs.map((ref, place) => {
      const level = levels?.[place];
      return level ? stockAnswer(ref, 'cache', level) : stockAnswer(ref, 'balances', stored?.get(ref.itemId));
    });
  }

  private async cached(
    refs: readonly LevelRef[],
    { cacheAt }: Passed,
  ): Promise<CachedLevels['levels'] | undefined> {
    if (cacheAt === undefined) return undefined;
    const cached = await this.stores.cached(refs);
    // A Redis that was emptied since it was seen to have passed has not.
    return cached && (cached.at ?? 0) >= cacheAt ? cached.levels : undefined;
  }

  private async fetched(known: readonly StockAnswer[], passed: Passed): Promise<readonly StockAnswer[]> {
    const unknown = known.filter(({ source }) => source === 'unavailable');
    if (unknown.length === 0) return known;
    await this.misses.fetch(unknown.map(({ itemId }) => itemId));
    const again = await this.known(unknown, passed);
    const found = new Map(again.map((answer) => [answer.itemId, answer]));
    return known.map((answer) => {
      const better = found.get(answer.itemId);
      return better && better.source !== 'unavailable' ? { ...better, source: 'zoho' } : answer;
    });
  }

  /** Waits until a store has passed: that one answers. @throws Problem `wait_timeout`, `store_unavailable` */
  private async passed(seq: StreamSeq): Promise<Passed> {
    const cache = this.cacheProgress.passed(seq);
    const balances = this.balancesProgress.passed(seq);
    let cacheAt: number | undefined;
    cache.then(
      (enough) => {
        cacheAt = enough;
      },
      () => undefined,
    );
    await Promise.any([cache, balances]).catch((error: AggregateError) => {
      throw (
        error.errors.find(isLate) ?? new Problem('store_unavailable', 'Neither Redis nor Postgres answers')
      );
    });
    return {
      cacheAt,
      balances: () =>
        balances.then(
          () => true,
          (error: unknown) => {
            if (isLate(error)) throw error;
            return false;
          },
        ),
    };
  }
}

const isLate = (error: unknown): boolean => error instanceof Problem && error.code === 'wait_timeout';
