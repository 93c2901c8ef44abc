import { eventually, freshNaming, testServers } from '@tallystream/testing';
import Redis from 'ioredis';
import { acquireLease, type Lease } from './lease';

jest.setTimeout(60_000);

const LEASE_MS = 6_000;
const never = new AbortController().signal;

describe('a lease', () => {
  let redis: Redis;
  let key: string;
  const taken: Lease[] = [];
  const clients: Redis[] = [];
  const client = () => {
    const opened = new Redis(testServers().redisUrl);
    clients.push(opened);
    return opened;
  };
  const acquire = async (by: Redis = redis, signal = never): Promise<Lease | undefined> => {
    const lease = await acquireLease(by, key, signal);
    if (lease) taken.push(lease);
    return lease;
  };

  beforeAll(() => {
    redis = client();
  });
  beforeEach(() => {
    key = freshNaming().redisKey('owner');
  });
  afterEach(async () => {
    await Promise.all(taken.splice(0).map((lease) => lease.release()));
    await redis.unlink(key);
  });
  afterAll(() => {
    for (const opened of clients) opened.disconnect();
  });

  it('has one holder; the second gets it when the first lets go', async () => {
    const first = await acquire();
    let isSecond = false;
    const waiting = acquire(client()).then((lease) => {
      isSecond = true;
      return lease;
    });
    const holder = await redis.get(key);
    // The second has been refused at least once by the time the lease was renewed.
    await redis.pexpire(key, 3_500);
    await eventually(async () => expect(await redis.pttl(key)).toBeGreaterThan(3_500));
    expect([isSecond, await redis.get(key)]).toEqual([false, holder]);
    await first?.release();
    const second = await waiting;
    expect([first?.isHeld(), second?.isHeld()]).toEqual([false, true]);
    expect(await redis.get(key)).not.toBe(holder);
  });

  it('of a process that died runs out by itself: the second takes over within 10 s', async () => {
    const dying = client();
    const first = await acquire(dying);
    const began = performance.now();
    dying.disconnect();
    const second = await acquire();
    expect(second?.isHeld()).toBe(true);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(first?.isHeld()).toBe(false);
    await eventually(() => expect(first?.lost.aborted).toBe(true));
    expect(second?.lost.aborted).toBe(false);
  });

  it('is renewed for as long as its holder lives', async () => {
    const lease = await acquire();
    const began = performance.now();
    await eventually(() => expect(performance.now() - began).toBeGreaterThan(LEASE_MS * 1.5), 20_000);
    expect([lease?.isHeld(), lease?.lost.aborted]).toEqual([true, false]);
    expect(await redis.pttl(key)).toBeGreaterThan(0);
  });

  it.each([
    ['taken by another', () => redis.set(key, 'another')],
    ['gone with an emptied Redis', () => redis.unlink(key)],
  ])('tells its holder when it is %s', async (_how, lose) => {
    const lease = await acquire();
    await lose();
    await eventually(() => expect(lease?.lost.aborted).toBe(true));
    expect(lease?.isHeld()).toBe(false);
  });

  it('of another is not released by one who lost it', async () => {
    const lease = await acquire();
    await redis.set(key, 'another');
    await lease?.release();
    expect(await redis.get(key)).toBe('another');
  });

  it('is waited for until the signal aborts', async () => {
    await acquire();
    const ending = new AbortController();
    const waiting = acquire(client(), ending.signal);
    ending.abort();
    expect(await waiting).toBeUndefined();
  });
});
