import { isDeepStrictEqual } from 'node:util';
import {
  forSale,
  itemIdSchema,
  type LevelRef,
  type LevelTruth,
  levelKey,
  type Naming,
  type StreamSeq,
  streamSeq,
  type WarehouseId,
  warehouseIdSchema,
} from '@tallystream/contracts';
import type Redis from 'ioredis';
import { type CachedLevel, levelFromHash, levelFromPacked } from './cached-level';
import { redisUnavailable } from './redis';

/** A level as it lies in the cache at one moment. */
export type CachedClaim = Readonly<{
  level: LevelRef;
  /** Nothing when it cannot be read, or other keys than its own say something of it. */
  claimed: LevelTruth | undefined;
  /** Which of the keys that other programs read say something else: in words. */
  unlike: readonly string[];
}>;

const KEYS_AT_ONCE = 500;

/** Where the stock cache stands, without touching it; nothing when it was never filled, or Redis was emptied. */
export const stockCachePosition = async (redis: Redis, naming: Naming): Promise<StreamSeq | undefined> => {
  const [seq] = (await redis.get(naming.redisKey('stock-cache:checkpoint')))?.split(' ') ?? [];
  return seq === undefined ? undefined : streamSeq(Number(seq));
};

/**
 * Every level that any key of the cache says something of, in pages, each once and as of one moment. Redis goes on
 * serving others in between.
 * @throws Problem `store_unavailable`
 */
export async function* readStockCache(
  redis: Redis,
  naming: Naming,
  salesWarehouse: WarehouseId,
): AsyncGenerator<readonly CachedClaim[]> {
  const seen = new Set<string>();
  try {
    for (const prefix of ['stock-cache:level:', 'stock:']) {
      const own = naming.redisKey(prefix);
      for await (const found of redis.scanStream({ match: `${own}*`, count: KEYS_AT_ONCE })) {
        const keys: readonly string[] = found;
        const named = keys.flatMap((key) => levelNamed(key.slice(own.length), salesWarehouse));
        const levels = named.filter((level) => isNew(seen, levelKey(level)));
        if (levels.length > 0) yield await claimsOf(redis, naming, levels, salesWarehouse);
      }
    }
  } catch (error) {
    throw redisUnavailable(error);
  }
}

/** Remembers it, too. */
const isNew = (seen: Set<string>, key: string): boolean => seen.size < seen.add(key).size;

/** `<item>:<warehouse>`, or `<item>`, which is of the sales warehouse; other keys are not ours. */
const levelNamed = (tail: string, salesWarehouse: WarehouseId): readonly LevelRef[] => {
  const [item, warehouse = salesWarehouse, ...more] = tail.split(':');
  const itemId = itemIdSchema.safeParse(item).data;
  const warehouseId = warehouseIdSchema.safeParse(warehouse).data;
  return itemId && warehouseId && more.length === 0 ? [{ itemId, warehouseId }] : [];
};

const claimsOf = async (
  redis: Redis,
  naming: Naming,
  levels: readonly LevelRef[],
  salesWarehouse: WarehouseId,
): Promise<readonly CachedClaim[]> => {
  const moment = redis.multi();
  for (const level of levels) {
    moment.get(naming.redisKey(`stock-cache:level:${level.itemId}:${level.warehouseId}`));
    moment.hgetall(naming.levelStockKey(level.itemId, level.warehouseId));
    moment.get(naming.stockKey(level.itemId));
  }
  const replies = ((await moment.exec()) ?? []).map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
  return levels.flatMap((level, index) => {
    const [packed, hash, number] = replies.slice(index * 3, index * 3 + 3);
    const stored = {
      packed: typeof packed === 'string' ? levelFromPacked(packed) : undefined,
      hash: levelFromHash(isHash(hash) ? hash : {}),
      number: typeof number === 'string' && level.warehouseId === salesWarehouse ? Number(number) : null,
    };
    // It has expired since it was found.
    if (!stored.packed && !stored.hash && stored.number === null) return [];
    const unlike = [
      ...(isDeepStrictEqual(stored.packed, stored.hash) ? [] : ['the hash']),
      ...(level.warehouseId === salesWarehouse && numberOf(stored.packed) !== stored.number
        ? ['the number']
        : []),
    ];
    return [{ level, claimed: stored.packed && truthOf(stored.packed), unlike }];
  });
};

const isHash = (reply: unknown): reply is Record<string, string> =>
  typeof reply === 'object' && reply !== null && !Array.isArray(reply);

const numberOf = (level: CachedLevel | undefined): number | null => (level ? forSale(level) : null);

const truthOf = ({ asOf, ...level }: CachedLevel): LevelTruth => ({
  ...level,
  ...(asOf ? { baselineAsOf: asOf } : {}),
});
