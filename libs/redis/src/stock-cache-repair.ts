import {
  type ItemId,
  itemIdSchema,
  type Naming,
  type StreamSeq,
  type WarehouseId,
  warehouseIdSchema,
} from '@tallystream/contracts';
import type Redis from 'ioredis';
import { z } from 'zod';
import type { LevelEvent } from './cached-level';
import { cacheLayout, OWN_KEYS, type StockCacheSettings } from './stock-cache-layout';
import { COMPARE, REPAIR } from './stock-cache-scripts';

/** What lies in Redis otherwise than the newest event of a level would have it. */
export type LevelFault = Readonly<{
  event: LevelEvent;
  keys: readonly Readonly<{ key: string; fault: 'missing' | 'unexpected' | 'different' }>[];
  /** The revision that Redis has of the level; empty when it has none. */
  revision: string;
}>;

/** A key of the cache, and the level that it is of. */
export type OwnKey = Readonly<{ key: string; itemId: ItemId; warehouseId: WarehouseId }>;

/** Compares the stock cache with what it should be, and sets it right while others read and write it. */
export const stockCacheRepair = (redis: Redis, naming: Naming, settings: StockCacheSettings) => {
  const { ttlSeconds, salesWarehouse } = settings;
  const { checkpointKey, keysOf, levelArguments, ownKeys, sequenceOf } = cacheLayout(redis, naming, settings);

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

    /** Pages of all keys of the cache. */
    async *keys(): AsyncGenerator<readonly OwnKey[]> {
      for (const [prefix, form] of OWN_KEYS) {
        const start = naming.redisKey(prefix).length;
        for await (const page of ownKeys(prefix, form))
          yield page.map((key) => {
            const [itemId = '', warehouseId = salesWarehouse] = key.slice(start).split(':');
            return {
              key,
              itemId: itemIdSchema.parse(itemId),
              warehouseId: warehouseIdSchema.parse(warehouseId),
            };
          });
      }
    },

    remove: async (keys: readonly OwnKey[]): Promise<void> =>
      void (await redis.unlink(...keys.map(({ key }) => key))),

    /** Has the cache filled anew from the newest events, over what is there. */
    forgetPosition: async (): Promise<void> => void (await redis.del(checkpointKey)),
  };
};

export type StockCacheRepair = ReturnType<typeof stockCacheRepair>;

/** The answer of `COMPARE`. */
const faultSchema = z.enum(['', 'missing', 'unexpected', 'different']);
const unlikeSchema = z.array(z.tuple([z.number(), z.string(), faultSchema, faultSchema, faultSchema]));
