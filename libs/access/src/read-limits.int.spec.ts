import { Logger } from '@nestjs/common';
import type { Caller, ReadAllowance } from '@tallystream/platform';
import { openRedis, type Redis } from '@tallystream/redis';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { removeData, startRedis, temporaryData } from '../../../deploy/local/servers';
import { type ReadLimits, readLimits } from './read-limits';

const LIMIT = 600;
const shop: Caller = { id: 'shop', name: 'shop', role: 'reader' };

const isAllowed = (allowance: ReadAllowance | undefined) => allowance?.isAllowed === true;

beforeAll(() => Logger.overrideLogger(false));

describe('reads, counted by several replicas', () => {
  const naming = freshNaming();
  let clients: Redis[];
  let replicas: ReadLimits[];

  beforeAll(async () => {
    clients = [1, 2, 3].map(() => openRedis(testServers().redisUrl));
    await Promise.all(clients.map((redis) => eventually(() => redis.ping())));
    replicas = clients.map((redis) => readLimits(LIMIT, { redis, naming }));
  });
  afterAll(async () => {
    await clients[0]?.unlink(naming.redisKey('access:reads:shop'));
    for (const redis of clients) redis.disconnect();
  });

  it('are as many as one key may, all together, but for what is on its way', async () => {
    let allowed = 0;
    await eventually(() => {
      // As requests come: a few in each turn of the loop, at every replica.
      const turn = replicas.flatMap((replica) => [1, 2, 3, 4, 5].map(() => isAllowed(replica.count(shop))));
      allowed += turn.filter(Boolean).length;
      expect(turn).not.toContain(true);
    });
    expect(allowed).toBeGreaterThanOrEqual(LIMIT);
    expect(allowed).toBeLessThan(LIMIT * 1.2);
  });

  it('are refused until the minute of all is over, which a replica that starts now hears of, too', async () => {
    const late = readLimits(LIMIT, { redis: clients[0] as Redis, naming });
    await eventually(() => {
      const allowance = late.count(shop);
      expect(allowance).toMatchObject({ isAllowed: false, remaining: 0 });
      expect(allowance?.resetSeconds).toBeLessThanOrEqual(60);
    });
  });

  it('leave in Redis one number that goes by itself', async () => {
    const ttl = await clients[0]?.pttl(naming.redisKey('access:reads:shop'));
    expect(ttl).toBeGreaterThan(0);
    expect(ttl).toBeLessThanOrEqual(60_000);
  });
});

describe('while Redis is away', () => {
  it('reads are counted at once all the same, and again together when it is back', async () => {
    const naming = freshNaming();
    const dataDir = temporaryData();
    const server = await startRedis({ dataDir, quiet: true });
    const redis = openRedis(server.url);
    await eventually(() => redis.ping());
    const limits = readLimits(LIMIT, { redis, naming });
    expect(isAllowed(limits.count(shop))).toBe(true);
    await server.kill();
    let allowed = 0;
    for (let n = 0; n < 1_000; n += 1) if (isAllowed(limits.count(shop))) allowed += 1;
    expect(allowed).toBe(LIMIT - 1);

    await server.restart();
    await eventually(() => redis.ping());
    const other: Caller = { ...shop, id: 'other' };
    await eventually(async () => {
      limits.count(other);
      expect(Number(await redis.get(naming.redisKey('access:reads:other')))).toBeGreaterThan(0);
    });
    redis.disconnect();
    await server.stop();
    removeData(dataDir);
  });
});
