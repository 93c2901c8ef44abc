import {
  type ItemId,
  type LevelRef,
  type Naming,
  type StreamSeq,
  type WarehouseId,
} from '@tallystream/contracts';
import type Redis from 'ioredis';
import { type CachedLevel, type LevelEvent, levelFromHash, levelFromPacked } from './cached-level';
import {
  cacheLayout,
  ITEM,
  KEYS_AT_ONCE,
  PACKED_KEYS,
  PLAIN_KEYS,
  type StockCacheSettings,
} from './stock-cache-layout';
import { APPLY, REFRESH, REMOVE_UNRENEWED } from './stock-cache-scripts';

/** What the cache knew at one moment. */
export type CachedLevels = Readonly<{
  /** The stream sequence that it stood at, or later for the levels; nothing while it is being filled anew. */
  at: StreamSeq | undefined;
  /** In the order asked for; nothing for a level that is not cached. */
  levels: readonly (CachedLevel | undefined)[];
}>;

/** The checkpoint in Redis is not ours any more: Redis was emptied, or another replica moved it. */
export class CacheCheckpointMoved extends Error {
  constructor() {
    super('the checkpoint of the stock cache has moved');
    this.name = 'CacheCheckpointMoved';
  }
}

/** However late Redis hears of it: what was renewed since is not taken for what was not. */
const RENEWAL_MARGIN_MS = 5_000;

/** `stock:<item>` and `stock:<item>:<warehouse>` in Redis, as other programs read them directly. */
export const stockCache = (redis: Redis, naming: Naming, settings: StockCacheSettings) => {
  const { ttlSeconds, salesWarehouse } = settings;
  const layout = cacheLayout(redis, naming, settings);
  const { checkpointKey, packedKey, kind, levelArguments, ownKeys, sequenceOf } = layout;
  const refreshedKey = naming.redisKey('stock-cache:refreshed');
  const position = (seq: StreamSeq | undefined) => (seq === undefined ? '' : `${seq}${kind}`);
  const forgetNumbers = async (): Promise<void> => {
    for await (const keys of ownKeys({ ...PLAIN_KEYS, form: ITEM })) await redis.unlink(...keys);
  };

  return {
    /** The stream sequence that the cache stands at; nothing when Redis is empty. */
    checkpoint: async (): Promise<StreamSeq | undefined> => sequenceOf(await redis.get(checkpointKey)),

    /** Where to go on from; nothing when all is to be written anew. */
    begin: async (): Promise<StreamSeq | undefined> => {
      const checkpoint = await redis.get(checkpointKey);
      const sequence = sequenceOf(checkpoint);
      if (sequence !== undefined || checkpoint === null) return sequence;
      // Of another sales warehouse `stock:<item>` holds the numbers. What the new one never had is not written
      // again, and must not stay.
      if (checkpoint.split(' ')[1] !== salesWarehouse) await forgetNumbers();
      await redis.del(checkpointKey);
      return undefined;
    },

    /** Writes what events say, and moves the checkpoint. @throws CacheCheckpointMoved */
    apply: async (
      events: readonly LevelEvent[],
      from: StreamSeq | undefined,
      to: StreamSeq,
    ): Promise<void> => {
      const args = [ttlSeconds, position(from), position(to), ...levelArguments(events)];
      if ((await redis.eval(APPLY, 1, checkpointKey, ...args)) !== 1) throw new CacheCheckpointMoved();
    },

    /** Writes the newest events of levels again, so that they live on. @throws CacheCheckpointMoved */
    refresh: async (events: readonly LevelEvent[]): Promise<void> => {
      const args = [ttlSeconds, kind, ...levelArguments(events)];
      if ((await redis.eval(REFRESH, 1, checkpointKey, ...args)) !== 1) throw new CacheCheckpointMoved();
    },

    /**
     * After a whole refresh: removes what it did not renew, for the ledger does not know it.
     * @param refreshMs how long ago the refresh began, in milliseconds
     * @returns how many keys
     */
    removeUnrenewed: async (refreshMs: () => number): Promise<number> => {
      let removed = 0;
      for (const ours of [PLAIN_KEYS, PACKED_KEYS]) {
        for await (const keys of ownKeys(ours)) {
          const alive = ttlSeconds * 1_000 - refreshMs() - RENEWAL_MARGIN_MS;
          removed += Number(await redis.eval(REMOVE_UNRENEWED, keys.length, ...keys, alive));
        }
      }
      return removed;
    },

    /** When the last whole refresh ended, in milliseconds since 1970. */
    refreshedAt: async (): Promise<number> => Number((await redis.get(refreshedKey)) ?? 0),
    noteRefresh: async (at: number): Promise<void> => void (await redis.set(refreshedKey, at)),

    /** Many levels in one round trip. */
    levels: async (refs: readonly LevelRef[]): Promise<CachedLevels> => {
      const keys = [checkpointKey, ...refs.map(packedKey)];
      const values: (string | null)[] = [];
      while (values.length < keys.length) {
        values.push(...(await redis.mget(keys.slice(values.length, values.length + KEYS_AT_ONCE))));
      }
      const [checkpoint, ...packed] = values;
      return {
        at: sequenceOf(checkpoint),
        levels: packed.map((text) => (text === null ? undefined : levelFromPacked(text))),
      };
    },

    /** One level as other programs read it. */
    publicLevel: async (itemId: ItemId, warehouseId: WarehouseId): Promise<CachedLevel | undefined> =>
      levelFromHash(await redis.hgetall(naming.levelStockKey(itemId, warehouseId))),

    /** What other programs read as the number of an item. */
    publicNumber: async (itemId: ItemId): Promise<number | undefined> => {
      const number = await redis.get(naming.stockKey(itemId));
      return number === null ? undefined : Number(number);
    },
  };
};

export type StockCache = ReturnType<typeof stockCache>;
