import { Inject, Injectable } from '@nestjs/common';
import {
  type ItemId,
  type LevelRef,
  levelKey,
  Problem,
  type Quantities,
  quantitiesSchema,
  quantityNames,
} from '@tallystream/contracts';
import type { Ledger } from '@tallystream/ledger';
import { CONFIG, type Config } from '@tallystream/platform';
import { Database, findBalances } from '@tallystream/projection-store';
import { type StockCache } from '@tallystream/redis';
import { type CallOptions, readItems, type ZohoClient } from '@tallystream/zoho';
import { z } from 'zod';
import { LEDGER, STOCK_CACHE } from './tokens';

const zohoQuantities = quantitiesSchema.omit({ reserved: true });

export const levelComparisonSchema = z.object({
  itemId: z.string(),
  warehouseId: z.string(),
  zoho: zohoQuantities.meta({ description: 'null: Zoho does not name the level' }).nullable(),
  ledger: quantitiesSchema.nullable(),
  postgres: quantitiesSchema.meta({ description: 'null: no such row, or Postgres is away' }).nullable(),
  redis: quantitiesSchema.meta({ description: 'null: not cached, or Redis is away' }).nullable(),
  agree: z.boolean(),
  differs: z.array(z.string()).readonly().meta({ description: 'In words, e.g. `redis.onHand`' }),
});
export type LevelComparison = z.infer<typeof levelComparisonSchema>;

type Stores = Readonly<Record<'ledger' | 'postgres' | 'redis', Quantities | null>>;

/** What the four places say of the same levels, at about the same moment. */
@Injectable()
export class Comparison {
  constructor(
    @Inject(LEDGER) private readonly ledger: Ledger,
    @Inject(STOCK_CACHE) private readonly cache: StockCache,
    private readonly database: Database,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @throws ZohoError, NatsUnavailable: without them there is nothing to compare with */
  async of(zoho: ZohoClient, itemIds: readonly ItemId[], call: CallOptions) {
    const ids = [...new Set(itemIds)];
    const [{ answers, gone }, known] = await Promise.all([
      readItems(zoho, ids, { ...call, batchSize: this.config.ZOHO_BATCH_SIZE }),
      this.ledger.levelsOfItems(ids),
    ]);
    const said = new Map(
      answers.flatMap(({ items }) =>
        items.flatMap(({ itemId, levels }) =>
          levels.map((level) => [levelKey({ ...level, itemId }), { ...level, itemId }] as const),
        ),
      ),
    );
    const refs = new Map<string, LevelRef>(said);
    for (const levels of known.values()) for (const { ref } of levels) refs.set(levelKey(ref), ref);

    const ledger = new Map(
      [...known.values()].flat().map(({ ref, level }) => [levelKey(ref), level.quantities]),
    );
    const all = [...refs.values()].sort((a, b) => (levelKey(a) < levelKey(b) ? -1 : 1));
    const [postgres, redis] = await Promise.all([this.inPostgres(all), this.inRedis(all)]);
    const levels = all.map((ref) => {
      const key = levelKey(ref);
      const stores = {
        ledger: ledger.get(key) ?? null,
        postgres: postgres.get(key) ?? null,
        redis: redis.get(key) ?? null,
      };
      return compared(ref, said.get(key)?.quantities ?? null, stores);
    });
    return { agree: levels.every(({ agree }) => agree), levels, unknownItems: gone };
  }

  private async inPostgres(refs: readonly LevelRef[]): Promise<ReadonlyMap<string, Quantities>> {
    const balances = await findBalances(this.database, refs).catch(nothingWhenAway);
    return new Map(balances.map((balance) => [levelKey(balance), balance.quantities]));
  }

  private async inRedis(refs: readonly LevelRef[]): Promise<ReadonlyMap<string, Quantities>> {
    const levels = await Promise.all(
      refs.map(({ itemId, warehouseId }) =>
        this.cache.publicLevel(itemId, warehouseId).catch(() => undefined),
      ),
    );
    return new Map(
      refs.flatMap((ref, index) => {
        const level = levels[index];
        return level ? [[levelKey(ref), level.quantities] as const] : [];
      }),
    );
  }
}

const nothingWhenAway = (error: unknown): readonly never[] => {
  if (error instanceof Problem) return [];
  throw error;
};

/** `reserved` is ours: Zoho cannot know it. A level that nobody knows at all agrees with nothing. */
const compared = (
  { itemId, warehouseId }: LevelRef,
  zoho: z.infer<typeof zohoQuantities> | null,
  stores: Stores,
): LevelComparison => {
  const truth = { ...zoho, reserved: stores.ledger?.reserved ?? 0 };
  const differs = Object.entries(stores).flatMap(([store, quantities]) => {
    if (!zoho) return [];
    if (!quantities) return [`${store} does not have it`];
    return quantityNames.filter((name) => quantities[name] !== truth[name]).map((name) => `${store}.${name}`);
  });
  if (!zoho) differs.push('zoho does not have it');
  return { itemId, warehouseId, zoho, ...stores, agree: differs.length === 0, differs };
};
