import type { ItemId, Naming } from '@tallystream/contracts';
import type Redis from 'ioredis';

export type StockMissSettings = Readonly<{
  /** How many items may be asked for in a day, for all replicas together … */
  perDay: number;
  /** … and how many of them at once. */
  atOnce: number;
  /** How long nobody asks again for the same item, in milliseconds: it may not exist. */
  pauseMs: number;
}>;

/** `ask`: it is the caller's turn; `asked`: somebody did, so many milliseconds ago; `spent`: no more for now. */
export type MissTurn = Readonly<{ turn: 'ask' | 'spent' }> | Readonly<{ turn: 'asked'; agoMs: number }>;

export type StockMisses = Readonly<{ take: (itemId: ItemId) => Promise<MissTurn> }>;

/**
 * KEYS: mark of the item, bucket. ARGV: life of a mark, time between two items, times that may be saved up.
 * The bucket holds the time at which it would be full again (GCRA); all in milliseconds of Redis's clock.
 */
const TAKE = `
  local left = redis.call('PTTL', KEYS[1])
  if left > 0 then return tonumber(ARGV[1]) - left end
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local full = math.max(tonumber(redis.call('GET', KEYS[2]) or '0'), now) + tonumber(ARGV[2])
  if full - now > tonumber(ARGV[2]) * tonumber(ARGV[3]) then return -2 end
  redis.call('SET', KEYS[2], string.format('%.0f', full), 'PX', math.ceil(full - now))
  redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
  return -1`;

const DAY_MS = 24 * 3_600_000;

/**
 * Whose turn it is to ask Zoho for an item that no store knows. Anybody who may read can name items that do not
 * exist, and each costs a call: so each is asked for once in a while, and all together take a small share of a day.
 */
export const stockMisses = (
  redis: Redis,
  naming: Naming,
  { perDay, atOnce, pauseMs }: StockMissSettings,
): StockMisses => ({
  take: async (itemId) => {
    const keys = [naming.redisKey(`stock-cache:miss:${itemId}`), naming.redisKey('stock-cache:misses')];
    const answer = Number(await redis.eval(TAKE, 2, ...keys, pauseMs, Math.ceil(DAY_MS / perDay), atOnce));
    if (answer >= 0) return { turn: 'asked', agoMs: answer };
    return { turn: answer === -1 ? 'ask' : 'spent' };
  },
});
