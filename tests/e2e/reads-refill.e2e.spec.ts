import { instantFrom, itemIdSchema, warehouseIdSchema } from '@tallystream/contracts';
import { openConnection } from '@tallystream/jetstream';
import { type Ledger, openLedger } from '@tallystream/ledger';
import { eventually } from '@tallystream/testing';
import Redis from 'ioredis';
import { removeData, startRedis, temporaryData } from '../../deploy/local/servers';
import { SALES_WAREHOUSE, type System, startSystem } from './system';

type Stocks = Readonly<{
  items: Readonly<Record<string, Readonly<{ stock: number | null; source: string }>>>;
}>;

const ITEMS = 5_000;
const WAREHOUSES = [SALES_WAREHOUSE, '2646610000000077099'].map((id) => warehouseIdSchema.parse(id));
const LEVELS = ITEMS * WAREHOUSES.length;
/** The last ones move all the time. */
const MOVING = 50;
const WHOLE_WITHIN_MS = 30_000;
const READERS = 4;

const items = Array.from({ length: ITEMS }, (_, n) =>
  itemIdSchema.parse(`26466100${String(n).padStart(6, '0')}`),
);
const moving = items.slice(-MOVING);
const numberOf = new Map(items.map((itemId, n) => [itemId, n / 4]));
const quiet = { info: () => undefined, warn: () => undefined };

describe('a Redis that is emptied under load', () => {
  let data: string;
  let server: Awaited<ReturnType<typeof startRedis>>;
  let redis: Redis;
  let system: System;
  let ledger: Ledger;
  let close: () => Promise<void>;
  let second = 0;

  const observe = async (itemIds: readonly (typeof items)[number][], number: (n: number) => number) => {
    second += 1;
    const asOf = instantFrom(Date.UTC(2026, 0, 7) + second * 10_000);
    const cause = { kind: 'observation', id: `o-${second}`, actor: 'e2e' } as const;
    const observed = itemIds.flatMap((itemId, n) =>
      WAREHOUSES.map((warehouseId) => {
        const onHand = number(n);
        const quantities = {
          onHand,
          committed: 0,
          physicalOnHand: onHand,
          physicalCommitted: 0,
          inTransit: 0,
        };
        return ledger.applyObservation({ itemId, warehouseId, asOf, quantities }, cause);
      }),
    );
    await Promise.all(observed);
  };
  /** How many levels, and how many numbers, Redis has for other programs to read. */
  const inRedis = async () => {
    const found = await redis.keys(`${system.naming.namespace}:stock:*`);
    const levels = found.filter((key) => key.split(':').length === 4).length;
    return { levels, numbers: found.length - levels };
  };
  const bulk = async (itemIds: readonly string[], query = '') => {
    const { status, body } = await system.ask<Stocks>(`/api/stock/bulk${query}`, { body: { itemIds } });
    if (status !== 200) throw new Error(`a read was answered with ${status}: ${JSON.stringify(body)}`);
    return body.items;
  };

  beforeAll(async () => {
    data = temporaryData();
    server = await startRedis({ dataDir: data, quiet: true });
    redis = new Redis(server.url);
    system = await startSystem({ env: { REDIS_URL: server.url } });
    const connection = openConnection({ url: system.servers.natsUrl, name: 'refill.e2e' }, quiet);
    await connection.ready();
    close = () => connection.close();
    ledger = openLedger(connection, system.naming);
    await observe(items, (n) => n / 4);
    await eventually(async () => {
      expect(await inRedis()).toEqual({ levels: LEVELS, numbers: ITEMS });
      const [row] = (await system.get<{ items: { itemId: string }[] }>(`/api/balances?item=${items.at(-1)}`))
        .items;
      expect(row?.itemId).toBe(items.at(-1));
    }, 60_000);
  }, 120_000);
  afterAll(async () => {
    await close?.();
    await system?.stop();
    redis?.disconnect();
    await server?.stop();
    removeData(data);
  });

  it(`is whole again within ${WHOLE_WITHIN_MS / 1_000} s for ${LEVELS} levels, and every read is right meanwhile`, async () => {
    const sources = new Map<string, number>();
    const wrong: unknown[] = [];
    let stop = false;
    const reader = async (first: number) => {
      for (let turn = first; !stop; turn += READERS) {
        const page = Array.from({ length: 50 }, (_, n) => items[(turn * 50 + n) % (ITEMS - MOVING)] ?? '');
        for (const [itemId, { stock, source }] of Object.entries(await bulk(page))) {
          sources.set(source, (sources.get(source) ?? 0) + 1);
          if (stock !== numberOf.get(itemIdSchema.parse(itemId))) wrong.push({ itemId, stock, source });
        }
      }
    };
    const writer = async () => {
      for (let round = 1; !stop; round += 1) await observe(moving, () => 1_000 + round);
    };
    const load = Promise.all([...Array.from({ length: READERS }, (_, n) => reader(n)), writer()]);
    await eventually(() => expect(sources.get('cache')).toBeGreaterThan(1_000));
    expect([...sources.keys()]).toEqual(['cache']);

    await redis.flushall();
    const began = performance.now();
    await eventually(
      async () => expect(await inRedis()).toEqual({ levels: LEVELS, numbers: ITEMS }),
      WHOLE_WITHIN_MS,
    );
    expect(performance.now() - began).toBeLessThan(WHOLE_WITHIN_MS);
    const fromBalances = sources.get('balances') ?? 0;
    expect(fromBalances).toBeGreaterThan(0);
    // And from then on all of it comes from there.
    await eventually(async () => {
      const before = sources.get('balances');
      const cached = sources.get('cache') ?? 0;
      await eventually(() => expect(sources.get('cache')).toBeGreaterThan(cached + 2_000));
      expect(sources.get('balances')).toBe(before);
    });
    stop = true;
    await load;
    expect(wrong).toEqual([]);
    expect([...sources.keys()].sort()).toEqual(['balances', 'cache']);

    // What moved all the while is as the ledger has it, in both stores.
    await eventually(async () => {
      const ends = await bulk(moving);
      const debug = await Promise.all(
        moving.slice(0, 5).map((itemId) => system.get(`/api/debug/stock?itemId=${itemId}`)),
      );
      for (const said of debug) expect(said).toMatchObject({ agree: true, source: 'cache' });
      expect(new Set(Object.values(ends).map(({ stock }) => stock)).size).toBe(1);
    });
  }, 120_000);

  it('is made anew as well when its position is taken away, though nothing happens', async () => {
    const key = system.naming.redisKey('stock-cache:checkpoint');
    const before = await redis.getdel(key);
    expect(before).not.toBeNull();
    await eventually(async () => expect(await redis.get(key)).toBe(before), WHOLE_WITHIN_MS);
  }, 60_000);
});
