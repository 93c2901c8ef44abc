import { millisOf } from '@tallystream/contracts';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import Redis from 'ioredis';
import { openTestRedis } from '../spec/replicas';
import { type Budget, openBudget, type Slot } from './budget';
import { type BudgetTimes, budgetTimes, type CallEnd, type RateHeaders } from './budget-store';
import type { CallOptions, Priority } from './priorities';
import type { ZohoLimits } from './quota-status';

const wide: ZohoLimits = { perMinute: 1_000, perDay: 100_000, concurrency: 100 };
const quick: BudgetTimes = { ...budgetTimes, heartbeatMs: 100 };
const done: CallEnd = { sent: true };
const at = (priority: Priority, rest: Partial<CallOptions> = {}): CallOptions => ({ priority, ...rest });

let naming = freshNaming();
const ends: (() => void)[] = [];

/** A replica: its own connection, its own place in the queue. */
const replica = async (
  limits: Partial<ZohoLimits>,
  times: Partial<BudgetTimes> = {},
  redis = openTestRedis(),
): Promise<Budget> => {
  if (redis.status === 'wait') await redis.connect();
  const ending = new AbortController();
  ends.push(() => {
    ending.abort(new Error('the test is over'));
    redis.disconnect();
  });
  return openBudget({
    redis,
    naming,
    organizationId: '1',
    limits: { ...wide, ...limits },
    times: { ...quick, ...times },
    signal: ending.signal,
    onAway: () => undefined,
  });
};

afterEach(async () => {
  for (const end of ends.splice(0)) end();
  const redis = new Redis(testServers().redisUrl);
  const keys = await redis.keys(`${naming.namespace}:*`);
  if (keys.length > 0) await redis.unlink(...keys);
  redis.disconnect();
  naming = freshNaming();
});

/** How many calls of this priority go at once. */
const spendAll = async (budget: Budget, priority: Priority): Promise<number> => {
  for (let calls = 0; ; calls += 1) {
    const slot = await budget.reserve(at(priority, { patienceMs: 200 })).catch(() => undefined);
    if (!slot) return calls;
    await budget.settle(slot, done);
  }
};

const refused = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'it was let through',
    (error: unknown) => error,
  );

describe('the minute', () => {
  it('never has more calls than the limit, whichever minute one looks at, with two replicas', async () => {
    const minuteMs = 400;
    const limits = { perMinute: 10 };
    const [one, other] = [await replica(limits, { minuteMs }), await replica(limits, { minuteMs })];
    const times: number[] = [];
    const call = async (budget: Budget) => {
      const slot = await budget.reserve(at('operator'));
      times.push(performance.now());
      await budget.settle(slot, done);
    };
    await Promise.all(Array.from({ length: 35 }, (_, n) => call(n % 2 ? one : other)));
    times.sort((a, b) => a - b);
    // The eleventh after any call is beyond its minute: 35 calls take three minutes at least.
    const spans = times.slice(10).map((time, index) => time - (times[index] ?? 0));
    expect(Math.min(...spans)).toBeGreaterThanOrEqual(minuteMs - 5);
    expect(times).toHaveLength(35);
  });

  it('leaves what is left to those who are more urgent, and its last tenth to operators', async () => {
    const budget = await replica({ perMinute: 20 });
    expect(await spendAll(budget, 'other')).toBe(14);
    expect(await spendAll(budget, 'sweep')).toBe(2);
    expect(await spendAll(budget, 'observation')).toBe(2);
    expect(await spendAll(budget, 'operator')).toBe(2);
    expect((await budget.status()).minute).toMatchObject({ limit: 20, used: 20, remaining: 0 });
  });

  it('counts a call in flight until a minute after it was over', async () => {
    const budget = await replica({ perMinute: 1 }, { minuteMs: 300 });
    const slot = await budget.reserve(at('operator'));
    const waiting = budget.reserve(at('operator'));
    const began = performance.now();
    await eventually(() => expect(performance.now() - began).toBeGreaterThan(400));
    const over = performance.now();
    await budget.settle(slot, done);
    await waiting;
    expect(performance.now() - over).toBeGreaterThanOrEqual(295);
  });

  it('is not charged for a call that was never sent', async () => {
    const budget = await replica({ perMinute: 5, perDay: 50 });
    const slot = await budget.reserve(at('operator'));
    await budget.settle(slot, { sent: false });
    const { minute, day, concurrency } = await budget.status();
    expect([minute.used, day.used, concurrency.inFlight]).toEqual([0, 0, 0]);
  });
});

describe('the calls in flight', () => {
  it('are never more than allowed, with two replicas, and all get their turn', async () => {
    const [one, other] = [await replica({ concurrency: 3 }), await replica({ concurrency: 3 })];
    let inFlight = 0;
    let most = 0;
    const call = async (budget: Budget) => {
      const slot = await budget.reserve(at('sweep'));
      inFlight += 1;
      most = Math.max(most, inFlight);
      await eventually(() => expect(most).toBeGreaterThanOrEqual(3));
      inFlight -= 1;
      await budget.settle(slot, done);
    };
    await Promise.all(Array.from({ length: 60 }, (_, n) => call(n % 2 ? one : other)));
    expect([most, inFlight]).toEqual([3, 0]);
  });

  it('leave no place for one more, from whichever replica it comes', async () => {
    const [one, other] = [await replica({ concurrency: 3 }), await replica({ concurrency: 3 })];
    for (const budget of [one, other, one]) await budget.reserve(at('sweep'));
    for (const budget of [one, other])
      expect(await refused(budget.reserve(at('operator', { patienceMs: 100 })))).toMatchObject({
        kind: 'too_many_at_once',
      });
    expect((await other.status()).concurrency).toEqual({ limit: 3, inFlight: 3 });
  });

  it('wake another replica when one of them is over, without its having to ask', async () => {
    const times = { heartbeatMs: 30_000 };
    const [one, other] = [await replica({ concurrency: 1 }, times), await replica({ concurrency: 1 }, times)];
    const slot = await one.reserve(at('sweep'));
    let isServed = false;
    const waiting = other.reserve(at('sweep')).then(() => {
      isServed = true;
    });
    await eventually(async () => expect(await listeners()).toBe(1));
    expect(isServed).toBe(false);
    await one.settle(slot, done);
    await waiting;
  });

  it('of a replica that was killed make room when their lease ends', async () => {
    const dying = openTestRedis();
    const times = { leaseMs: 300 };
    const dead = await replica({ concurrency: 1 }, times, dying);
    await dead.reserve(at('sweep'));
    dying.disconnect();
    const began = performance.now();
    const alive = await replica({ concurrency: 1 }, times);
    await alive.reserve(at('sweep'));
    expect(performance.now() - began).toBeGreaterThan(150);
    expect((await alive.status()).minute.used).toBe(2);
  });

  it('are fewer after code 1070, and slowly more again', async () => {
    const limits = { concurrency: 4 };
    const [one, other] = [await replica(limits, { raiseMs: 200 }), await replica(limits, { raiseMs: 200 })];
    const slots = [await one.reserve(at('sweep')), await one.reserve(at('sweep'))];
    for (const slot of slots) await one.settle(slot, { sent: true, stop: 'concurrency' });
    expect((await other.status()).concurrency.limit).toBe(2);
    await eventually(async () => expect((await other.status()).concurrency.limit).toBe(3));
    await eventually(async () => expect((await other.status()).concurrency.limit).toBe(4));
    for (const _ of [1, 2, 3, 4, 5, 6]) {
      const slot = await one.reserve(at('sweep'));
      await one.settle(slot, { sent: true, stop: 'concurrency' });
    }
    expect((await other.status()).concurrency.limit).toBe(1);
  });
});

describe('the queue', () => {
  it('is served by priority, then by order, across replicas', async () => {
    const [one, other] = [await replica({ concurrency: 1 }), await replica({ concurrency: 1 })];
    const held = await one.reserve(at('sweep'));
    const order: string[] = [];
    const call = async (name: string, budget: Budget, priority: Priority) => {
      const slot = await budget.reserve(at(priority));
      order.push(name);
      await budget.settle(slot, done);
    };
    const calls = [
      call('other', one, 'other'),
      call('sweep 1', one, 'sweep'),
      call('sweep 2', one, 'sweep'),
      call('observation 1', other, 'observation'),
      call('observation 2', other, 'observation'),
      call('operator', other, 'operator'),
    ];
    await eventually(async () => expect(await standing()).toBe(2));
    await one.settle(held, done);
    await Promise.all(calls);
    expect(order).toEqual(['operator', 'observation 1', 'observation 2', 'sweep 1', 'sweep 2', 'other']);
  });

  it('forgets who was killed while waiting', async () => {
    const dying = openTestRedis();
    const limits = { concurrency: 1 };
    const [alive, dead] = [await replica(limits), await replica(limits, {}, dying)];
    const slot = await alive.reserve(at('sweep'));
    dead.reserve(at('operator')).catch(() => undefined);
    await eventually(async () => expect(await standing()).toBe(1));
    ends.pop()?.();
    await alive.settle(slot, done);
    await alive.reserve(at('sweep', { patienceMs: 2_000 }));
  });

  it.each(['a signal', 'patience'])('is left by who is ended by %s, and goes on', async (how) => {
    const [one, other] = [await replica({ concurrency: 1 }), await replica({ concurrency: 1 })];
    const slot = await one.reserve(at('sweep'));
    const ending = new AbortController();
    const call =
      how === 'patience' ? at('operator', { patienceMs: 100 }) : at('operator', { signal: ending.signal });
    const waiting = refused(other.reserve(call));
    await eventually(async () => expect(await standing()).toBe(1));
    ending.abort(new Error('enough'));
    expect(await waiting).toMatchObject(
      how === 'patience' ? { kind: 'too_many_at_once' } : { message: 'enough' },
    );
    await eventually(async () => expect(await standing()).toBe(0));
    await one.settle(slot, done);
    await one.reserve(at('other'));
  });
});

describe('the day', () => {
  it('ends for each priority at its share, at once and until midnight', async () => {
    const budget = await replica({ perDay: 20 });
    expect(await spendAll(budget, 'other')).toBe(14);
    const error = await refused(budget.reserve(at('other')));
    const { day } = await budget.status();
    expect(error).toMatchObject({ kind: 'quota_exhausted', until: day.resetsAt });
    expect(day.resetsAt).toMatch(/T00:00:00Z$/);
    expect(await spendAll(budget, 'sweep')).toBe(2);
    expect(await spendAll(budget, 'observation')).toBe(2);
    expect(await spendAll(budget, 'operator')).toBe(2);
    expect((await budget.status()).day).toMatchObject({ limit: 20, used: 20, remaining: 0 });
  });

  it('is a new one after midnight', async () => {
    const budget = await replica({ perDay: 1 }, { dayMs: 500 });
    await budget.settle(await budget.reserve(at('operator')), done);
    await eventually(async () => {
      const slot = await budget.reserve(at('operator'));
      await budget.settle(slot, done);
    });
  });

  it("ends at the organisation's own midnight", async () => {
    const budget = await replica({});
    await budget.learnDay(5.5 * 3_600_000);
    expect((await budget.status()).day.resetsAt).toMatch(/T18:30:00Z$/);
    await budget.learnDay(-5 * 3_600_000);
    expect((await budget.status()).day.resetsAt).toMatch(/T05:00:00Z$/);
  });

  it('is over for all when Zoho says so, until it says or until midnight', async () => {
    const [one, other] = [await replica({}), await replica({})];
    const until = await one.settle(await one.reserve(at('sweep')), { sent: true, stop: 'day' });
    expect(until).toMatch(/T00:00:00Z$/);
    expect(await refused(other.reserve(at('operator')))).toMatchObject({ kind: 'quota_exhausted', until });
    const { day, stoppedUntil } = await other.status();
    expect([day.remaining, day.resetsAt, stoppedUntil]).toEqual([0, until, until]);
  });

  it('goes on when the time is over that Zoho named', async () => {
    const budget = await replica({});
    await budget.settle(await budget.reserve(at('sweep')), { sent: true, stop: 'day', stopMs: 200 });
    expect(await refused(budget.reserve(at('sweep')))).toMatchObject({ kind: 'quota_exhausted' });
    await eventually(async () => expect(await budget.reserve(at('sweep'))).toBeDefined());
  });
});

describe('a stop by code 44', () => {
  it('stops all replicas, and who waits goes on afterwards', async () => {
    const [one, other] = [await replica({}, { blockMs: 400 }), await replica({}, { blockMs: 400 })];
    const began = performance.now();
    await one.settle(await one.reserve(at('sweep')), { sent: true, stop: 'minute' });
    const hasty = await refused(other.reserve(at('operator', { patienceMs: 100 })));
    const { stoppedUntil, minute } = await other.status();
    expect(hasty).toMatchObject({ kind: 'rate_limited', until: stoppedUntil });
    expect(minute.remaining).toBe(0);
    await Promise.all([one.reserve(at('other')), other.reserve(at('sweep')), other.reserve(at('operator'))]);
    expect(performance.now() - began).toBeGreaterThanOrEqual(395);
    expect((await one.status()).stoppedUntil).toBeUndefined();
  });

  it('is told also to who has no patience at all', async () => {
    const budget = await replica({});
    await budget.settle(await budget.reserve(at('sweep', { patienceMs: 0 })), { sent: true, stop: 'minute' });
    for (const _ of [1, 2, 3])
      expect(await refused(budget.reserve(at('sweep', { patienceMs: 0 })))).toMatchObject({
        kind: 'rate_limited',
      });
  });

  it('lasts as long as Zoho says', async () => {
    const budget = await replica({}, { blockMs: 60_000 });
    await budget.settle(await budget.reserve(at('sweep')), { sent: true, stop: 'minute', stopMs: 200 });
    await budget.reserve(at('sweep'));
  });
});

describe("Zoho's own count", () => {
  const headers = (
    window: RateHeaders['window'],
    limit: number,
    remaining: number,
    resetMs: number,
  ): CallEnd => ({
    sent: true,
    rate: { window, limit, remaining, resetMs },
  });
  const spendOne = async (budget: Budget, end: CallEnd) =>
    budget.settle(await budget.reserve(at('operator')), end);

  it('of less than ours lets fewer calls go, until its window ends', async () => {
    const [one, other] = [await replica({ perMinute: 100 }), await replica({ perMinute: 100 })];
    await spendOne(one, headers('minute', 100, 3, 600));
    const slots: Slot[] = [];
    for (const _ of [1, 2, 3]) slots.push(await other.reserve(at('operator', { patienceMs: 100 })));
    expect(await refused(other.reserve(at('operator', { patienceMs: 100 })))).toMatchObject({
      kind: 'rate_limited',
    });
    for (const slot of slots) await other.settle(slot, done);
    const began = performance.now();
    await one.reserve(at('operator'));
    expect(performance.now() - began).toBeGreaterThan(50);
  });

  it('of more than ours lets more calls go', async () => {
    const budget = await replica({ perMinute: 10 });
    for (const _ of [1, 2, 3, 4, 5, 6, 7, 8, 9]) await spendOne(budget, done);
    await spendOne(budget, headers('minute', 10, 8, 60_000));
    expect((await budget.status()).minute).toMatchObject({ limit: 10, used: 2, remaining: 8 });
    expect(await spendAll(budget, 'operator')).toBe(8);
  });

  it('does not raise the limits that we were given, and may lower them', async () => {
    const budget = await replica({ perMinute: 10, perDay: 2_000 });
    await spendOne(budget, headers('minute', 100, 97, 60_000));
    expect((await budget.status()).minute).toMatchObject({ limit: 10, used: 3, remaining: 7 });
    await spendOne(budget, headers('day', 1_000, 400, 7_200_000));
    const { day } = await budget.status();
    expect(day).toMatchObject({ limit: 1_000, used: 600, remaining: 400 });
    expect(Math.abs(millisOf(day.resetsAt) - Date.now() - 7_200_000)).toBeLessThan(10_000);
  });

  it('counts those in flight that it may not have seen, and holds when answers overtake each other', async () => {
    const budget = await replica({ perMinute: 100 });
    const [first, second, third] = [
      await budget.reserve(at('operator')),
      await budget.reserve(at('operator')),
      await budget.reserve(at('operator')),
    ];
    await budget.settle(second, headers('minute', 100, 50, 60_000));
    expect((await budget.status()).minute.used).toBe(52);
    await budget.settle(first, headers('minute', 100, 51, 60_000));
    expect((await budget.status()).minute.used).toBe(52);
    await budget.settle(third, headers('minute', 100, 49, 60_000));
    expect((await budget.status()).minute.used).toBe(52);
  });
});

describe('without Redis', () => {
  it('nothing is spent, and all goes on when it is back', async () => {
    const redis = openTestRedis();
    const budget = await replica({}, {}, redis);
    await budget.settle(await budget.reserve(at('sweep')), done);
    redis.disconnect();
    expect(await refused(budget.reserve(at('operator', { patienceMs: 50 })))).toMatchObject({
      kind: 'budget_unavailable',
    });
    expect(await refused(budget.status())).toMatchObject({ kind: 'budget_unavailable' });
    const waiting = budget.reserve(at('sweep'));
    await redis.connect();
    const slot = await waiting;
    await budget.settle(slot, done);
    expect((await budget.status()).day.used).toBe(2);
  });

  it('what was reserved there and then lost is counted anew from nothing', async () => {
    const budget = await replica({ perMinute: 5 });
    const slot = await budget.reserve(at('operator'));
    const other = new Redis(testServers().redisUrl);
    await other.unlink(...(await other.keys(`${naming.namespace}:*`)));
    other.disconnect();
    await budget.settle(slot, done);
    expect((await budget.status()).concurrency.inFlight).toBe(0);
  });
});

const withRedis = async <T>(work: (redis: Redis) => Promise<T>): Promise<T> => {
  const redis = new Redis(testServers().redisUrl);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
};

/** Replicas that have somebody waiting. */
const standing = () => withRedis((redis) => redis.hlen(naming.redisKey('zoho:budget:1:waiting')));

const listeners = () =>
  withRedis(async (redis) => {
    const [, count] = await redis.pubsub('NUMSUB', naming.redisKey('zoho:budget:1:freed'));
    return Number(count);
  });
