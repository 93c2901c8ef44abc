import {
  forSale,
  type Instant,
  type ItemId,
  instantSchema,
  type Naming,
  quantityNames,
  type ReadLevel,
  readLevel,
  type StockChanged,
  type StreamSeq,
  streamSeq,
  type WarehouseId,
} from '@tallystream/contracts';
import type Redis from 'ioredis';

/** A stock level as the cache knows it. */
export type CachedLevel = ReadLevel & Readonly<{ revision: number; seq: StreamSeq; asOf?: Instant }>;

export type LevelEvent = Readonly<{ data: StockChanged; seq: StreamSeq }>;

export type StockCacheSettings = Readonly<{ ttlSeconds: number; salesWarehouse: WarehouseId }>;

/** The checkpoint in Redis is not ours any more: Redis was emptied, or another replica moved it. */
export class CacheCheckpointMoved extends Error {
  constructor() {
    super('the checkpoint of the stock cache has moved');
    this.name = 'CacheCheckpointMoved';
  }
}

/**
 * Writes levels by revision, and the checkpoint by compare-and-set, in one step.
 * KEYS: checkpoint. ARGV: expected checkpoint ("" = none), new checkpoint, ttl in seconds, then per level:
 * hash key, item key ("" = not the sales warehouse), stock ("" = provisional), revision, count, field, value, …
 */
const APPLY = `
  if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
  local ttl = ARGV[3]
  local i = 4
  while i <= #ARGV do
    local key, itemKey, stock, revision, count = ARGV[i], ARGV[i + 1], ARGV[i + 2], tonumber(ARGV[i + 3]), tonumber(ARGV[i + 4])
    if (tonumber(redis.call('HGET', key, 'revision') or '0')) <= revision then
      redis.call('DEL', key)
      redis.call('HSET', key, unpack(ARGV, i + 5, i + 4 + count))
      redis.call('EXPIRE', key, ttl)
      if itemKey ~= '' then
        if stock == '' then redis.call('DEL', itemKey) else redis.call('SET', itemKey, stock, 'EX', ttl) end
      end
    end
    i = i + 5 + count
  end
  redis.call('SET', KEYS[1], ARGV[2])
  return 1`;

/** `stock:<item>` and `stock:<item>:<warehouse>` in Redis, as other programs read them directly. */
export const stockCache = (
  redis: Redis,
  naming: Naming,
  { ttlSeconds, salesWarehouse }: StockCacheSettings,
) => {
  const checkpointKey = naming.redisKey('stock-cache:checkpoint');
  const position = (seq: StreamSeq | undefined) => (seq === undefined ? '' : `${seq} ${salesWarehouse}`);

  const numberKey = new RegExp(`^${naming.redisKey('stock:')}[^:]+$`);
  const forgetNumbers = async (): Promise<void> => {
    for await (const found of redis.scanStream({ match: naming.redisKey('stock:*'), count: 1_000 })) {
      const keys: readonly string[] = found;
      const numbers = keys.filter((key) => numberKey.test(key));
      if (numbers.length > 0) await redis.unlink(...numbers);
    }
  };

  return {
    /** The stream sequence that the cache stands at; nothing when Redis is empty. */
    checkpoint: async (): Promise<StreamSeq | undefined> => {
      const [seq, warehouse] = (await redis.get(checkpointKey))?.split(' ') ?? [];
      if (seq !== undefined && warehouse === salesWarehouse) return streamSeq(Number(seq));
      // Written for another sales warehouse: `stock:<item>` holds its numbers, so all is to be written anew. What
      // the new one never had is not written again, and must not stay.
      if (seq !== undefined) await forgetNumbers();
      await redis.del(checkpointKey);
      return undefined;
    },

    /** @throws CacheCheckpointMoved */
    apply: async (
      events: readonly LevelEvent[],
      from: StreamSeq | undefined,
      to: StreamSeq,
    ): Promise<void> => {
      const args = events.flatMap(({ data, seq }) => {
        const { itemId, warehouseId } = data;
        const sells = warehouseId === salesWarehouse;
        const level = readLevel(data);
        const fields = hashFields(level, data, seq);
        return [
          naming.levelStockKey(itemId, warehouseId),
          sells ? naming.stockKey(itemId) : '',
          sells ? String(forSale(level) ?? '') : '',
          data.revision,
          fields.length,
          ...fields,
        ];
      });
      const applied = await redis.eval(
        APPLY,
        1,
        checkpointKey,
        position(from),
        position(to),
        ttlSeconds,
        ...args,
      );
      if (applied !== 1) throw new CacheCheckpointMoved();
    },

    /** One level; nothing when it is not cached. */
    level: async (itemId: ItemId, warehouseId: WarehouseId): Promise<CachedLevel | undefined> =>
      cachedLevel(await redis.hgetall(naming.levelStockKey(itemId, warehouseId))),
  };
};

export type StockCache = ReturnType<typeof stockCache>;

const hashFields = (
  { quantities, provisional, disputed }: ReadLevel,
  data: StockChanged,
  seq: StreamSeq,
): readonly (string | number)[] => [
  ...quantityNames.flatMap((name) => [name, quantities[name]]),
  'revision',
  data.revision,
  'seq',
  seq,
  'provisional',
  provisional ? 1 : 0,
  ...(disputed ? ['disputed', disputed.zoho] : []),
  ...(data.baselineAsOf ? ['asOf', data.baselineAsOf] : []),
];

/** A hash that is not whole is as good as absent. */
const cachedLevel = (hash: Readonly<Record<string, string>>): CachedLevel | undefined => {
  const number = (name: string) => (hash[name] === undefined ? Number.NaN : Number(hash[name]));
  const needed = [...quantityNames, 'revision', 'seq', 'provisional'];
  const numbers = [...needed, ...(hash.disputed === undefined ? [] : ['disputed'])].map(number);
  if (numbers.some(Number.isNaN)) return undefined;
  const asOf = instantSchema.safeParse(hash.asOf);
  return {
    quantities: {
      onHand: number('onHand'),
      committed: number('committed'),
      physicalOnHand: number('physicalOnHand'),
      physicalCommitted: number('physicalCommitted'),
      inTransit: number('inTransit'),
      reserved: number('reserved'),
    },
    revision: number('revision'),
    seq: streamSeq(number('seq')),
    provisional: hash.provisional === '1',
    ...(hash.disputed === undefined ? {} : { disputed: { zoho: number('disputed') } }),
    ...(asOf.success ? { asOf: asOf.data } : {}),
  };
};
