import {
  itemIdSchema,
  type LevelRef,
  type Naming,
  type StreamSeq,
  warehouseIdSchema,
} from '@tallystream/contracts';
import type Redis from 'ioredis';
import { z } from 'zod';
import type { LevelEvent } from './cached-level';
import {
  cacheLayout,
  type OwnKeys,
  PACKED_KEYS,
  PLAIN_KEYS,
  type StockCacheSettings,
} from './stock-cache-layout';
import { COMPARE, REPAIR } from './stock-cache-scripts';

/** What lies in Redis otherwise than the newest event of a level would have it. */
export type LevelFault = Readonly<{
  event: LevelEvent;
  keys: readonly Readonly<{ key: string; fault: 'missing' | 'unexpected' | 'different' }>[];
  /** The revision that Redis has of the level; empty when it has none. */
  revision: string;
}>;

/** A level of which something lies in the cache, and the keys where it may lie. */
export type LevelInCache = LevelRef & Readonly<{ keys: readonly string[] }>;

/** Compares the stock cache with what it should be, and sets it right while others read and write it. */
export const stockCacheRepair = (redis: Redis, naming: Naming, settings: StockCacheSettings) => {
  const { ttlSeconds, salesWarehouse } = settings;
  const layout = cacheLayout(redis, naming, settings);
  const { checkpointKey, keysOf, levelArguments, ownKeys, packedKey, sequenceOf } = layout;

  const areThere = async (keys: readonly string[]): Promise<readonly boolean[]> =>
    (await Promise.all(keys.map((key) => redis.exists(key)))).map((count) => count === 1);

  /** The level of one of our keys. */
  const levelOf = ({ prefix }: OwnKeys, key: string): LevelRef => {
    const [itemId, warehouseId = salesWarehouse] = key.slice(naming.redisKey(prefix).length).split(':');
    return { itemId: itemIdSchema.parse(itemId), warehouseId: warehouseIdSchema.parse(warehouseId) };
  };

  return {
    /** Where the cache stands; nothing while it is being filled anew. */
    position: async (): Promise<StreamSeq | undefined> => sequenceOf(await redis.get(checkpointKey)),

    /** Those of the levels that are not as their events say. */
    compare: async (events: readonly LevelEvent[]): Promise<readonly LevelFault[]> => {
      const unlike = unlikeSchema.parse(await redis.eval(COMPARE, 0, ...levelArguments(events)));
      return unlike.flatMap(([place, revision, ...faults]) => {
        const event = events[place];
        if (!event) return [];
        const { level, packed, item } = keysOf(event.data);
        const keys = [level, packed, item].flatMap((key, which) => {
          const fault = faults[which];
          return fault ? [{ key, fault }] : [];
        });
        return [{ event, keys, revision }];
      });
    },

    /** Writes what the events say; what has moved since it was compared is left to who moved it. */
    repair: async (faults: readonly Pick<LevelFault, 'event' | 'revision'>[]): Promise<void> => {
      const keys = faults.map(({ event }) => keysOf(event.data).level);
      const seen = faults.map(({ revision }) => revision);
      const levels = levelArguments(faults.map(({ event }) => event));
      await redis.eval(REPAIR, keys.length, ...keys, ttlSeconds, ...seen, ...levels);
    },

    /** Pages of all levels of which something lies in the cache. */
    async *levels(): AsyncGenerator<readonly LevelInCache[]> {
      for await (const page of ownKeys(PACKED_KEYS))
        yield page.map((key) => {
          const level = levelOf(PACKED_KEYS, key);
          return { ...level, keys: Object.values(keysOf(level)).filter((one) => one !== '') };
        });
      // What has a packed key came with that.
      for await (const page of ownKeys(PLAIN_KEYS)) {
        const levels = page.map((key) => ({ ...levelOf(PLAIN_KEYS, key), keys: [key] }));
        const isPacked = await areThere(levels.map((level) => packedKey(level)));
        yield levels.filter((_, place) => !isPacked[place]);
      }
    },

    /** Those of the keys that are there. */
    present: async (keys: readonly string[]): Promise<readonly string[]> => {
      const isThere = await areThere(keys);
      return keys.filter((_, place) => isThere[place]);
    },

    remove: async (keys: readonly string[]): Promise<void> => void (await redis.unlink(...keys)),

    /** Has the cache filled anew from the newest events, over what is there. */
    forgetPosition: async (): Promise<void> => void (await redis.del(checkpointKey)),
  };
};

export type StockCacheRepair = ReturnType<typeof stockCacheRepair>;

/** The answer of `COMPARE`. */
const faultSchema = z.enum(['', 'missing', 'unexpected', 'different']);
const unlikeSchema = z.array(z.tuple([z.number(), z.string(), faultSchema, faultSchema, faultSchema]));
