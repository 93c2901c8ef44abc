import {
  type ItemId,
  itemIdSchema,
  type Naming,
  type StreamSeq,
  type WarehouseId,
  warehouseIdSchema,
} from '@tallystream/contracts';
import type Redis from 'ioredis';
import { type LevelEvent, storedForms } from './cached-level';
import { cacheLayout, OWN_KEYS, type StockCacheSettings } from './stock-cache-layout';
import { REPAIR } from './stock-cache-scripts';

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

  const faultOf = async (event: LevelEvent): Promise<LevelFault> => {
    const { level, packed, item } = keysOf(event.data);
    const wanted = storedForms(event);
    const [hash, text, number] = await Promise.all([
      redis.hgetall(level),
      redis.get(packed),
      item === '' ? '' : redis.get(item),
    ]);
    const keys = [
      {
        key: level,
        found: Object.keys(hash).length === 0 ? null : inOrder(hash),
        due: inOrder(pairs(wanted.fields)),
      },
      { key: packed, found: text, due: wanted.packed },
      ...(item === '' ? [] : [{ key: item, found: number, due: wanted.stock === '' ? null : wanted.stock }]),
    ];
    return {
      event,
      keys: keys.flatMap(({ key, found, due }) => {
        if (found === due) return [];
        return [
          { key, fault: found === null ? 'missing' : due === null ? 'unexpected' : 'different' },
        ] as const;
      }),
      revision: hash.revision ?? '',
    };
  };

  return {
    /** Where the cache stands; nothing while it is being filled anew. */
    position: async (): Promise<StreamSeq | undefined> => sequenceOf(await redis.get(checkpointKey)),

    /** Those of the levels that are not as their events say. */
    compare: async (events: readonly LevelEvent[]): Promise<readonly LevelFault[]> =>
      (await Promise.all(events.map(faultOf))).filter(({ keys }) => keys.length > 0),

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

const pairs = (fields: readonly (string | number)[]): Readonly<Record<string, string>> => {
  const found: Record<string, string> = {};
  for (let i = 0; i < fields.length; i += 2) found[String(fields[i])] = String(fields[i + 1]);
  return found;
};

const inOrder = (hash: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(hash).sort());
