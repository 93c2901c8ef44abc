import { randomUUID } from 'node:crypto';
import type { Instant, Naming } from '@tallystream/contracts';
import { ZohoError } from '../client/zoho-error';
import { type BudgetTimes, budgetStore, type CallEnd, type Reservation } from './budget-store';
import { type CallOptions, priorities } from './priorities';
import type { QuotaStatus, ZohoLimits } from './quota-status';
import type { SharedRedis } from './shared-redis';

/** Leave for one call, taken out of what all replicas have. To be settled, however the call ends. */
export type Slot = Readonly<{ id: string }>;

export type Budget = Readonly<{
  /**
   * Waits for its turn, by priority, then by order.
   * @throws ZohoError `quota_exhausted` at once; when patience ends: `rate_limited`, `too_many_at_once`, or
   * `budget_unavailable` without Redis
   */
  reserve: (call: CallOptions) => Promise<Slot>;
  /** Returns until when Zoho wants no more calls, if it said so. */
  settle: (slot: Slot, end: CallEnd) => Promise<Instant | undefined>;
  /** @throws ZohoError `budget_unavailable` */
  status: () => Promise<QuotaStatus>;
  /** The organisation's days begin so many milliseconds before those of UTC. */
  learnDay: (offsetMs: number) => Promise<void>;
}>;

export type BudgetSettings = Readonly<{
  redis: SharedRedis;
  naming: Pick<Naming, 'redisKey'>;
  organizationId: string;
  limits: ZohoLimits;
  times: BudgetTimes;
  /** Closes the budget's own connection, and turns away whoever still waits. */
  signal: AbortSignal;
  /** Redis cannot be reached, and somebody waits for it. */
  onAway: (error: ZohoError) => void;
}>;

/** Why the first in the queue waits. */
type Obstacle = Reservation | Readonly<{ what: 'away'; cause: unknown }>;

type Waiter = Readonly<{
  slot: Slot;
  call: CallOptions;
  go: (slot: Slot) => void;
  fail: (error: unknown) => void;
}>;

export const openBudget = (settings: BudgetSettings): Budget => {
  const { redis, signal, times } = settings;
  const replica = randomUUID();
  const store = budgetStore({ ...settings, replica });
  const queue: Waiter[] = [];
  /** Whose patience ended while Redis was being asked: what it says counts. */
  const overdue: Waiter[] = [];
  let obstacle: Obstacle = { what: 'away', cause: undefined };
  let isServing = false;
  let isCalled = false;
  let later: NodeJS.Timeout | undefined;

  const take = (waiter: Waiter): boolean => {
    const place = queue.indexOf(waiter);
    if (place >= 0) queue.splice(place, 1);
    return place >= 0;
  };

  /** Serves the queue from its head until that has to wait; returns for how many milliseconds. */
  const serve = async (): Promise<number> => {
    for (let head = queue[0]; head; head = queue[0]) {
      const asked = head;
      const answer = await store
        .reserve(ask(asked, queue[1]))
        .catch((cause: unknown) => ({ what: 'away' as const, cause }));
      if (answer.what === 'go') {
        if (take(asked)) asked.go(asked.slot);
        else await store.settle(asked.slot.id, { sent: false }).catch(() => undefined);
      } else if (answer.what === 'quota' || answer.what === 'share') {
        if (take(asked)) asked.fail(refusal(answer));
      } else {
        obstacle = answer;
        if (answer.what === 'away') settings.onAway(away(answer.cause));
        listen();
        return answer.what === 'away' ? times.heartbeatMs : Math.min(answer.waitMs, times.heartbeatMs);
      }
    }
    return 0;
  };

  const wake = async (): Promise<void> => {
    isCalled = true;
    if (isServing) return;
    isServing = true;
    clearTimeout(later);
    let pauseMs = 0;
    while (isCalled && !signal.aborted) {
      isCalled = false;
      pauseMs = await serve();
      for (const waiter of overdue.splice(0)) leave(waiter, impatience(obstacle));
    }
    isServing = false;
    if (queue.length > 0) later = setTimeout(wake, pauseMs);
  };

  /** Hears from other replicas when there may be room again; the heartbeat is for what it misses. */
  let listener: SharedRedis | undefined;
  const listen = (): void => {
    if (listener || signal.aborted) return;
    listener = redis.duplicate({
      enableOfflineQueue: true,
      maxRetriesPerRequest: null,
      commandTimeout: undefined,
    });
    // What is wrong with Redis is said by the connection that was handed in.
    listener.on('error', () => undefined);
    listener.on('message', (_channel, by) => void (by !== replica && wake()));
    listener.subscribe(store.channel).then(wake, () => undefined);
  };
  redis.on('ready', wake);

  signal.addEventListener(
    'abort',
    () => {
      clearTimeout(later);
      redis.off('ready', wake);
      listener?.disconnect();
      for (const waiter of queue.splice(0)) waiter.fail(signal.reason);
    },
    { once: true },
  );

  const leave = (waiter: Waiter, error: unknown): void => {
    if (!take(waiter)) return;
    waiter.fail(error);
    if (queue.length === 0) store.leave().catch(() => undefined);
    else void wake();
  };

  return {
    reserve: (call) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        call.signal?.throwIfAborted();
        const onAbort = () => leave(waiter, call.signal?.reason);
        const patience =
          call.patienceMs === undefined
            ? undefined
            : setTimeout(() => {
                if (isServing) overdue.push(waiter);
                else leave(waiter, impatience(obstacle));
              }, call.patienceMs);
        const settled = () => {
          clearTimeout(patience);
          call.signal?.removeEventListener('abort', onAbort);
        };
        const waiter: Waiter = {
          slot: { id: randomUUID() },
          call,
          go: (slot) => {
            settled();
            resolve(slot);
          },
          fail: (error) => {
            settled();
            reject(error);
          },
        };
        call.signal?.addEventListener('abort', onAbort, { once: true });
        enqueue(queue, waiter);
        if (queue[0] === waiter) void wake();
      }),

    settle: async (slot, end) => {
      // Without Redis the slot frees itself when its lease ends.
      const until = await store.settle(slot.id, end).catch(() => undefined);
      if (queue.length > 0) void wake();
      return until;
    },

    status: () => store.read().catch((cause) => Promise.reject(away(cause))),

    learnDay: async (dayOffsetMs) => {
      await store.read({ dayOffsetMs }).catch(() => undefined);
    },
  };
};

const rankOf = ({ call }: Waiter): number => priorities[call.priority].rank;

const enqueue = (queue: Waiter[], waiter: Waiter): void => {
  const later = queue.findIndex((other) => rankOf(other) > rankOf(waiter));
  queue.splice(later < 0 ? queue.length : later, 0, waiter);
};

const ask = (waiter: Waiter, next: Waiter | undefined) => {
  const { rank, minutePercent, dayPercent } = priorities[waiter.call.priority];
  return {
    slot: waiter.slot.id,
    rank,
    minutePercent,
    dayPercent,
    ...(next ? { next: { slot: next.slot.id, rank: rankOf(next) } } : {}),
  };
};

const refusal = ({ what, until }: Reservation): ZohoError =>
  new ZohoError(
    'quota_exhausted',
    what === 'quota' ? "the day's calls are used up" : "this priority's share of the day's calls is used up",
    { until, ...(what === 'quota' ? { code: 45 } : {}) },
  );

const impatience = (obstacle: Obstacle): ZohoError => {
  switch (obstacle.what) {
    case 'away':
      return away(obstacle.cause);
    case 'slots':
      return new ZohoError('too_many_at_once', 'as many calls as are allowed are in flight');
    case 'turn':
      return new ZohoError('rate_limited', 'others were first');
    default:
      return new ZohoError('rate_limited', "the minute's calls are used up", { until: obstacle.until });
  }
};

const away = (cause: unknown): ZohoError =>
  new ZohoError('budget_unavailable', 'the budget in Redis cannot be reached', { cause });
