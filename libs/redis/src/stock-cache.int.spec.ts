import {
  driftIdSchema,
  instantFrom,
  itemIdSchema,
  type Naming,
  type Quantities,
  type StockChanged,
  streamSeq,
  warehouseIdSchema,
  zero,
} from '@tallystream/contracts';
import { freshNaming, testServers } from '@tallystream/testing';
import Redis from 'ioredis';
import { stockCache } from './stock-cache';

const TTL = 600;
const itemId = itemIdSchema.parse('pen');
const main = warehouseIdSchema.parse('main');
const shop = warehouseIdSchema.parse('shop');
const baselineAsOf = instantFrom(Date.UTC(2026, 0, 7));
const holding = (onHand: number, rest: Partial<Quantities> = {}): Quantities => ({
  ...zero,
  onHand,
  ...rest,
});

const changed = (revision: number, after: Quantities, rest: Partial<StockChanged> = {}) => ({
  data: {
    itemId,
    warehouseId: main,
    revision,
    delta: {},
    after,
    provisional: false,
    reason: 'sale',
    cause: { kind: 'webhook', id: '1', actor: 'zoho' },
    occurredAt: baselineAsOf,
    ...rest,
  } satisfies StockChanged,
  seq: streamSeq(revision * 10),
});

describe('the stock cache in Redis', () => {
  let redis: Redis;
  let naming: Naming;
  const cacheFor = (salesWarehouse: typeof main) =>
    stockCache(redis, naming, { ttlSeconds: TTL, salesWarehouse });
  const itemKey = () => naming.stockKey(itemId);
  const levelKey = (warehouse = main) => naming.levelStockKey(itemId, warehouse);
  const packedKey = (warehouse = main) => naming.redisKey(`stock-cache:level:${itemId}:${warehouse}`);
  const stock = () => redis.get(itemKey());
  /** As we read it back, which is as other programs do. */
  const cached = async (warehouseId = main) => {
    const cache = cacheFor(main);
    const { levels } = await cache.levels([{ itemId, warehouseId }]);
    expect(levels).toEqual([await cache.publicLevel(itemId, warehouseId)]);
    return levels[0];
  };

  beforeAll(() => {
    redis = new Redis(testServers().redisUrl);
  });
  beforeEach(() => {
    naming = freshNaming();
  });
  afterEach(async () => {
    const keys = await redis.keys(`${naming.namespace}:*`);
    if (keys.length > 0) await redis.unlink(...keys);
  });
  afterAll(() => redis.quit());

  /** Writes events one after the other, each moving the checkpoint by one. */
  const writer = (cache = cacheFor(main)) => {
    let position: ReturnType<typeof streamSeq> | undefined;
    return async (...events: readonly ReturnType<typeof changed>[]) => {
      const to = streamSeq((position ?? 0) + 1);
      await cache.apply(events, position, to);
      position = to;
    };
  };

  it('holds what can be sold under the item, and all of it under the level', async () => {
    await writer()(changed(2, holding(10.3, { committed: 0.1, reserved: 0.2 }), { baselineAsOf }));
    expect(await stock()).toBe('10');
    expect(await redis.hgetall(levelKey())).toEqual({
      onHand: '10.3',
      committed: '0.1',
      physicalOnHand: '0',
      physicalCommitted: '0',
      inTransit: '0',
      reserved: '0.2',
      revision: '2',
      seq: '20',
      provisional: '0',
      asOf: baselineAsOf,
    });
    expect(await cached()).toEqual({
      quantities: holding(10.3, { committed: 0.1, reserved: 0.2 }),
      revision: 2,
      seq: 20,
      provisional: false,
      asOf: baselineAsOf,
    });
    expect(await cached(shop)).toBeUndefined();
  });

  it('both keys live as long as they are told', async () => {
    await writer()(changed(1, holding(5)));
    for (const key of [itemKey(), levelKey(), packedKey()]) {
      const left = await redis.ttl(key);
      expect(left).toBeGreaterThan(TTL - 60);
      expect(left).toBeLessThanOrEqual(TTL);
    }
  });

  it('a higher revision wins, whether it comes first or last, alone or in one batch', async () => {
    const write = writer();
    await write(changed(1, holding(1)), changed(3, holding(3)), changed(2, holding(2)));
    expect(await stock()).toBe('3');
    await write(changed(2, holding(2)));
    expect(await stock()).toBe('3');
    expect(await redis.hget(levelKey(), 'revision')).toBe('3');
    await write(changed(12, holding(12)));
    await write(changed(9, holding(9)));
    expect(await stock()).toBe('12');
  });

  it('a lower revision does not renew anything; an equal one renews the life of both keys', async () => {
    const write = writer();
    await write(changed(3, holding(3)));
    await Promise.all([itemKey(), levelKey()].map((key) => redis.expire(key, 100)));
    await write(changed(2, holding(2)));
    expect([await redis.ttl(itemKey()), await redis.ttl(levelKey())].every((left) => left <= 100)).toBe(true);
    await write(changed(3, holding(3)));
    expect([await redis.ttl(itemKey()), await redis.ttl(levelKey())].every((left) => left > 100)).toBe(true);
    expect(await stock()).toBe('3');
  });

  it('a provisional level takes the number away: unknown is not zero', async () => {
    const write = writer();
    await write(changed(1, holding(5)));
    await write(changed(2, holding(4), { provisional: true }));
    expect(await redis.exists(itemKey())).toBe(0);
    expect(await cached()).toMatchObject({ provisional: true, revision: 2 });
    await write(changed(3, holding(0)));
    expect(await stock()).toBe('0');
  });

  it('only the sales warehouse says what can be sold', async () => {
    const write = writer();
    await write(changed(9, holding(70), { warehouseId: shop }));
    expect(await redis.exists(itemKey())).toBe(0);
    await write(changed(1, holding(5)), changed(10, holding(71), { warehouseId: shop }));
    expect(await stock()).toBe('5');
    await write(changed(11, holding(72), { warehouseId: shop, provisional: true }));
    expect(await stock()).toBe('5');
    expect(await redis.hget(levelKey(shop), 'onHand')).toBe('72');
  });

  const dispute = (onHand: number) => ({
    driftId: driftIdSchema.parse('drift'),
    side: 'accounting' as const,
    difference: { onHand },
    zoho: { onHand: 0 },
    since: baselineAsOf,
  });

  it.each([
    ['Zoho has less', -5, '3', 3],
    ['Zoho has more', 4.5, '8', 12.5],
  ])(
    'of a disputed level shows the lower number, and what Zoho says: %s',
    async (_how, more, shown, zoho) => {
      const write = writer();
      const after = holding(10.3, { committed: 0.3, reserved: 2 });
      await write(changed(1, after, { disputed: [dispute(more)] }));
      expect(await stock()).toBe(shown);
      expect(await redis.hget(levelKey(), 'disputed')).toBe(String(zoho));
      const level = await cacheFor(main).publicLevel(itemId, main);
      expect(level).toMatchObject({ quantities: after, disputed: { zoho } });
      await write(changed(2, after));
      expect(await stock()).toBe('8');
      expect(await redis.hexists(levelKey(), 'disputed')).toBe(0);
      expect(await cached()).not.toHaveProperty('disputed');
    },
  );

  it('of a level that is provisional and disputed shows no number at all', async () => {
    await writer()(changed(1, holding(5), { provisional: true, disputed: [dispute(4)] }));
    expect(await redis.exists(itemKey())).toBe(0);
    expect(await redis.hexists(levelKey(), 'disputed')).toBe(0);
  });

  it('takes a level whose dispute cannot be read for absent: the lower number is not known', async () => {
    await writer()(changed(1, holding(5), { disputed: [dispute(-4)] }));
    await redis.hset(levelKey(), 'disputed', 'some');
    expect(await cacheFor(main).publicLevel(itemId, main)).toBeUndefined();
  });

  it('a level is replaced whole: what the new event does not say is gone', async () => {
    const write = writer();
    await write(changed(1, holding(5), { baselineAsOf }));
    await redis.hset(levelKey(), 'left-over', '1');
    await write(changed(2, holding(6)));
    const hash = await redis.hgetall(levelKey());
    expect(hash).toMatchObject({ onHand: '6', revision: '2' });
    expect(Object.keys(hash)).not.toEqual(expect.arrayContaining(['asOf']));
    expect(Object.keys(hash)).not.toEqual(expect.arrayContaining(['left-over']));
  });

  it.each(['onHand', 'revision', 'provisional'])(
    'a level without its %s is as good as absent',
    async (field) => {
      await writer()(changed(1, holding(5)));
      await redis.hdel(levelKey(), field);
      expect(await cacheFor(main).publicLevel(itemId, main)).toBeUndefined();
    },
  );

  it.each([
    ['', 'nothing'],
    ['{}', 'an object'],
    ['[1,2,3]', 'too little'],
    ['[5,0,0,0,0,0,1,10,0,null', 'half of it'],
    ['["5",0,0,0,0,0,1,10,0,null,null]', 'text'],
    ['[5,0,0,0,0,0,1,10,0,"some",null]', 'a dispute that is none: the lower number is not known'],
    ['[5,0,0,0,0,0,1,10,0,null,7]', 'a time that is none'],
  ])('a level packed as %s (%s) is as good as absent', async (packed) => {
    await writer()(changed(1, holding(5)));
    await redis.set(packedKey(), packed);
    expect((await cacheFor(main).levels([{ itemId, warehouseId: main }])).levels).toEqual([undefined]);
  });

  it('reads thousands of levels in the order asked for, with the position they are of', async () => {
    const names = Array.from({ length: 2_500 }, (_, n) => itemIdSchema.parse(`item-${n}`));
    const even = names.filter((_, n) => n % 2 === 0);
    await writer()(...even.map((name, n) => changed(1, holding(n), { itemId: name })));
    const cache = cacheFor(main);
    const { at, levels } = await cache.levels(names.map((name) => ({ itemId: name, warehouseId: main })));
    expect(at).toBe(1);
    expect(levels.map((found) => found?.quantities.onHand)).toEqual(
      names.map((_, n) => (n % 2 === 0 ? n / 2 : undefined)),
    );
    expect(await cache.levels([])).toEqual({ at: 1, levels: [] });
    expect((await cacheFor(shop).levels([])).at).toBeUndefined();
  });

  it('a batch of 1,000 levels is one step', async () => {
    const levels = Array.from({ length: 1_000 }, (_, n) =>
      changed(1, holding(n), { itemId: itemIdSchema.parse(`item-${n}`), baselineAsOf }),
    );
    await writer()(...levels);
    const numbers = await redis.mget(levels.map(({ data }) => naming.stockKey(data.itemId)));
    expect(numbers).toEqual(levels.map((_, n) => String(n)));
  });

  describe('its checkpoint', () => {
    it('is none in an empty Redis, then where the last batch ended', async () => {
      const cache = cacheFor(main);
      expect(await cache.checkpoint()).toBeUndefined();
      await cache.apply([], undefined, streamSeq(7));
      expect(await cache.checkpoint()).toBe(7);
    });

    it('is moved by one of two owners; the other writes nothing', async () => {
      const [ours, theirs] = [cacheFor(main), cacheFor(main)];
      await ours.apply([changed(1, holding(1))], undefined, streamSeq(10));
      await theirs.apply([changed(2, holding(2))], streamSeq(10), streamSeq(20));
      const late = ours.apply([changed(3, holding(3))], streamSeq(10), streamSeq(30));
      await expect(late).rejects.toMatchObject({ name: 'CacheCheckpointMoved' });
      expect([await stock(), await ours.checkpoint()]).toEqual(['2', 20]);
      const seeding = ours.apply([changed(4, holding(4))], undefined, streamSeq(40));
      await expect(seeding).rejects.toMatchObject({ name: 'CacheCheckpointMoved' });
      expect(await stock()).toBe('2');
    });

    it('that went with an emptied Redis is not moved on: the rest would be missing', async () => {
      const cache = cacheFor(main);
      await cache.apply([changed(1, holding(1))], undefined, streamSeq(10));
      await redis.unlink(naming.redisKey('stock-cache:checkpoint'), itemKey(), levelKey());
      const late = cache.apply([changed(2, holding(2))], streamSeq(10), streamSeq(20));
      await expect(late).rejects.toMatchObject({ name: 'CacheCheckpointMoved' });
      expect(await redis.exists(itemKey(), levelKey())).toBe(0);
    });
  });

  describe('with another sales warehouse', () => {
    const atMain = [changed(3, holding(5)), changed(8, holding(70), { warehouseId: shop })];

    it('begins anew, and the same revisions give the number of the new one', async () => {
      await cacheFor(main).apply(atMain, undefined, streamSeq(80));
      expect(await stock()).toBe('5');
      const moved = cacheFor(shop);
      expect(await moved.begin()).toBeUndefined();
      await moved.apply(atMain, undefined, streamSeq(80));
      expect([await stock(), await moved.checkpoint()]).toEqual(['70', 80]);
    });

    it('does not go on showing the old one’s number of an item that the new one never had', async () => {
      await cacheFor(main).apply(atMain.slice(0, 1), undefined, streamSeq(30));
      const moved = cacheFor(shop);
      await moved.begin();
      await moved.apply(atMain.slice(0, 1), undefined, streamSeq(30));
      expect(await stock()).toBeNull();
      expect(await redis.hget(levelKey(main), 'onHand')).toBe('5');
    });

    it('keeps out a process that still runs with the old one', async () => {
      const old = cacheFor(main);
      await old.apply(atMain, undefined, streamSeq(80));
      const moved = cacheFor(shop);
      await moved.begin();
      await moved.apply(atMain, undefined, streamSeq(80));
      const late = old.apply([changed(4, holding(6))], streamSeq(80), streamSeq(90));
      await expect(late).rejects.toMatchObject({ name: 'CacheCheckpointMoved' });
      expect(await stock()).toBe('70');
    });
  });

  describe('refreshed', () => {
    const keys = () => [itemKey(), levelKey(), packedKey()];
    const expireSoon = () => Promise.all(keys().map((key) => redis.expire(key, 100)));
    const lives = () => Promise.all(keys().map((key) => redis.ttl(key)));
    const justNow = () => 0;

    it('lives on, and has again what was evicted or changed by others', async () => {
      const cache = cacheFor(main);
      const event = changed(2, holding(5));
      await cache.apply([event], undefined, streamSeq(20));
      await expireSoon();
      await redis.set(itemKey(), '99');
      await redis.unlink(packedKey());
      await cache.refresh([event]);
      expect((await lives()).every((left) => left > 100)).toBe(true);
      expect([await stock(), (await cached())?.quantities.onHand]).toEqual(['5', 5]);
      expect(await cache.checkpoint()).toBe(20);
    });

    it('with what is older by now, stays as it is', async () => {
      const cache = cacheFor(main);
      await cache.apply([changed(3, holding(7))], undefined, streamSeq(30));
      await cache.refresh([changed(2, holding(5))]);
      expect([await stock(), (await cached())?.revision]).toEqual(['7', 3]);
    });

    it.each(['an emptied Redis', 'one of another sales warehouse'])('%s is left alone', async (what) => {
      if (what !== 'an emptied Redis') await cacheFor(shop).apply([], undefined, streamSeq(20));
      const refresh = cacheFor(main).refresh([changed(2, holding(5))]);
      await expect(refresh).rejects.toMatchObject({ name: 'CacheCheckpointMoved' });
      expect(await redis.exists(...keys())).toBe(0);
    });

    it('loses what the ledger does not have, and nothing of anybody else', async () => {
      const cache = cacheFor(main);
      await cache.apply([changed(2, holding(5))], undefined, streamSeq(20));
      const strays = [
        naming.redisKey('stock:stray'),
        naming.redisKey('stock:stray:main'),
        naming.redisKey('stock-cache:level:stray:main'),
      ];
      const foreign = ['stock:a:b:c', 'stock:', 'stock:full stop', 'stocks:pen', 'stock-cache:unknown:pen'];
      const others = foreign.map((key) => naming.redisKey(key));
      for (const key of [...strays, ...others]) await redis.set(key, '1');
      await redis.expire(strays[0] ?? '', TTL - 60);
      expect(await cache.removeUnrenewed(justNow)).toBe(strays.length);
      expect(await redis.exists(...strays)).toBe(0);
      expect(await redis.exists(...others)).toBe(others.length);
      expect(await redis.exists(...keys())).toBe(3);
      expect(await cache.checkpoint()).toBe(20);
    });

    it('keeps what was written while it went on', async () => {
      const cache = cacheFor(main);
      await cache.apply([changed(2, holding(5))], undefined, streamSeq(20));
      await Promise.all(keys().map((key) => redis.expire(key, TTL - 60)));
      expect(await cache.removeUnrenewed(() => 60_000)).toBe(0);
      expect(await cache.removeUnrenewed(justNow)).toBe(3);
    });

    it('says when', async () => {
      const cache = cacheFor(main);
      expect(await cache.refreshedAt()).toBe(0);
      await cache.noteRefresh(1_767_225_600_000);
      expect(await cache.refreshedAt()).toBe(1_767_225_600_000);
    });
  });

  it('of an older release is written anew, and shows its numbers meanwhile', async () => {
    await cacheFor(main).apply([changed(2, holding(5))], undefined, streamSeq(20));
    await redis.set(naming.redisKey('stock-cache:checkpoint'), '20 main');
    expect(await cacheFor(main).begin()).toBeUndefined();
    expect(await stock()).toBe('5');
  });
});
