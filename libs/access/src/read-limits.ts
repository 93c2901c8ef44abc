import type { Naming } from '@tallystream/contracts';
import type { Caller, ReadAllowance } from '@tallystream/platform';
import type { Redis } from '@tallystream/redis';
import { LRUCache } from 'lru-cache';
import { RateLimiterRedis } from 'rate-limiter-flexible';

export type ReadLimits = Readonly<{
  /** Counts one read, if it is allowed; nothing when the caller may read as often as they like. */
  count: (caller: Caller) => ReadAllowance | undefined;
}>;

const WINDOW_SECONDS = 60;
/** How long reads may be counted here before the other replicas hear of them. */
const SETTLE_MS = 100;
/** … or sooner: when they are this part of what is left. */
const SETTLE_PART = 1 / 10;
const MOST_CALLERS = 10_000;

/** A minute of one caller. Milliseconds since 1970. */
type Minute = {
  ends: number;
  /** By all replicas, as Redis said last. */
  settled: number;
  /** Told to Redis, which has not answered. */
  onTheWay: number;
  /** Not told yet. */
  fresh: number;
};

/**
 * How often each caller may read a minute, on all replicas together. A read never waits for Redis: it is counted
 * here, and settled with Redis a moment later. So replicas may together let a few more through than the limit;
 * while Redis is away, each counts alone.
 */
export const readLimits = (
  usual: number,
  shared: Readonly<{ redis: Redis; naming: Naming }> | undefined,
): ReadLimits => {
  const minutes = new LRUCache<string, Minute>({ max: MOST_CALLERS });
  const unsettled = new Map<string, Minute>();
  const counter =
    shared &&
    new RateLimiterRedis({
      storeClient: shared.redis,
      keyPrefix: shared.naming.redisKey('access:reads'),
      // Only adds up; how many are too many differs by caller, and is decided here.
      points: Number.MAX_SAFE_INTEGER,
      duration: WINDOW_SECONDS,
      rejectIfRedisNotReady: true,
    });
  let isTimerSet = false;

  const settle = async (id: string, minute: Minute): Promise<void> => {
    if (!counter || minute.onTheWay > 0) return;
    unsettled.delete(id);
    minute.onTheWay = minute.fresh;
    minute.fresh = 0;
    try {
      const { consumedPoints, msBeforeNext } = await counter.penalty(id, minute.onTheWay);
      minute.settled = consumedPoints;
      minute.ends = Date.now() + msBeforeNext;
    } catch {
      // Redis is away, and its client has said so: what was counted here counts.
      minute.settled += minute.onTheWay;
    }
    minute.onTheWay = 0;
    if (minute.fresh > 0) settleSoon(id, minute);
  };
  const settleSoon = (id: string, minute: Minute): void => {
    if (!counter) return;
    unsettled.set(id, minute);
    if (isTimerSet) return;
    isTimerSet = true;
    setTimeout(() => {
      isTimerSet = false;
      for (const [each, its] of unsettled) void settle(each, its);
    }, SETTLE_MS).unref();
  };
  const minuteOf = (id: string, now: number): Minute => {
    const running = minutes.get(id);
    if (running && now < running.ends) return running;
    const fresh = { ends: now + WINDOW_SECONDS * 1_000, settled: 0, onTheWay: 0, fresh: 0 };
    minutes.set(id, fresh);
    return fresh;
  };

  return {
    count: ({ id, readsPerMinute }) => {
      const limit = readsPerMinute ?? usual;
      if (limit === 0) return undefined;
      const now = Date.now();
      const minute = minuteOf(id, now);
      const left = limit - minute.settled - minute.onTheWay - minute.fresh;
      const resetSeconds = Math.max(1, Math.ceil((minute.ends - now) / 1_000));
      if (left <= 0) return { isAllowed: false, limit, remaining: 0, resetSeconds };
      minute.fresh += 1;
      if (minute.fresh >= left * SETTLE_PART) void settle(id, minute);
      else settleSoon(id, minute);
      return { isAllowed: true, limit, remaining: left - 1, resetSeconds };
    },
  };
};
