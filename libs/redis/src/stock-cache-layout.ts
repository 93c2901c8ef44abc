import {
  type LevelRef,
  type Naming,
  type StreamSeq,
  streamSeq,
  type WarehouseId,
} from '@tallystream/contracts';
import type Redis from 'ioredis';
import { type LevelEvent, storedForms } from './cached-level';

export type StockCacheSettings = Readonly<{ ttlSeconds: number; salesWarehouse: WarehouseId }>;

/** How levels lie in Redis. A release that changes it says another number, and fills the cache anew. */
const FORMAT = 2;
/** Redis does one thing at a time: nobody is to wait long for it. */
export const KEYS_AT_ONCE = 1_000;

/** Under which keys the cache lies, and in which form. */
export const cacheLayout = (redis: Redis, naming: Naming, { salesWarehouse }: StockCacheSettings) => {
  /** Part of the checkpoint: what was written otherwise is to be written anew. */
  const kind = ` ${salesWarehouse} ${FORMAT}`;
  const packedKey = ({ itemId, warehouseId }: LevelRef) =>
    naming.redisKey(`stock-cache:level:${itemId}:${warehouseId}`);
  /** The keys of a level; of the item only where its stock is that of this level. */
  const keysOf = ({ itemId, warehouseId }: LevelRef) => ({
    level: naming.levelStockKey(itemId, warehouseId),
    packed: packedKey({ itemId, warehouseId }),
    item: warehouseId === salesWarehouse ? naming.stockKey(itemId) : '',
  });
  return {
    checkpointKey: naming.redisKey('stock-cache:checkpoint'),
    kind,
    packedKey,
    keysOf,

    sequenceOf: (checkpoint: string | null | undefined): StreamSeq | undefined =>
      checkpoint?.endsWith(kind) ? streamSeq(Number(checkpoint.slice(0, -kind.length))) : undefined,

    /** As the scripts take them. */
    levelArguments: (events: readonly LevelEvent[]) =>
      events.flatMap((event) => {
        const { fields, packed, stock } = storedForms(event);
        const keys = keysOf(event.data);
        const names = [keys.level, keys.packed, keys.item];
        return [...names, packed, stock, event.data.revision, fields.length, ...fields];
      }),

    /** Pages of the keys that have the form of ours. */
    async *ownKeys({ prefix, form }: OwnKeys): AsyncGenerator<readonly string[]> {
      const own = new RegExp(`^${naming.redisKey(prefix)}${form.source}$`);
      const match = naming.redisKey(`${prefix}*`);
      for await (const found of redis.scanStream({ match, count: KEYS_AT_ONCE })) {
        const keys: readonly string[] = found;
        const ours = keys.filter((key) => own.test(key));
        if (ours.length > 0) yield ours;
      }
    },
  };
};

export const ITEM = /[A-Za-z0-9_-]+/;
const LEVEL = /[A-Za-z0-9_-]+:[A-Za-z0-9_-]+/;

export type OwnKeys = Readonly<{ prefix: string; form: RegExp }>;
/** The keys that other programs read, of items and of levels. */
export const PLAIN_KEYS: OwnKeys = { prefix: 'stock:', form: new RegExp(`(${ITEM.source}|${LEVEL.source})`) };
/** Those that only we read, of levels. */
export const PACKED_KEYS: OwnKeys = { prefix: 'stock-cache:level:', form: LEVEL };
