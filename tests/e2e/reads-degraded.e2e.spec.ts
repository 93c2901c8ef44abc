import { eventually } from '@tallystream/testing';
import { type LocalServers, removeData, startServers, temporaryData } from '../../deploy/local/servers';
import { trackedItems } from './simulator';
import { ITEM, invoiceBody, type System, someId, startSystem } from './system';

type Stock = Readonly<{ stock: number | null; source: string; asOf?: string; revision?: number }>;
type Stocks = Readonly<{ items: Readonly<Record<string, Stock>> }>;

const RECOVERED_MS = 10_000;
/** Nobody waits for a server that is away: long after a time-out would have been over. */
const AT_ONCE_MS = 200;

describe('reads while a server is away', () => {
  const items = trackedItems(15);
  let data: string;
  let servers: LocalServers;
  let system: System;

  beforeAll(async () => {
    data = temporaryData();
    servers = await startServers({ dataDir: data, quiet: true });
    system = await startSystem({ simulator: { SIMULATOR_ITEMS: '20' }, env: servers.env });
    await from('cache');
  }, 120_000);
  afterAll(async () => {
    for (const server of [servers?.nats, servers?.postgres, servers?.redis]) server?.resume();
    await system?.stop();
    await servers?.stop();
    removeData(data);
  });

  const one = (itemId: string, query = '') => system.get<Stock>(`/api/stock/${itemId}${query}`);
  const bulk = async () =>
    (await system.ask<Stocks>('/api/stock/bulk', { body: { itemIds: items } })).body.items;
  /** All are told alike, one by one and together, and come from there, without a wait. */
  const from = (source: string, withinMs = RECOVERED_MS) =>
    eventually(async () => {
      const began = performance.now();
      const together = await bulk();
      const single = await one(ITEM);
      const took = performance.now() - began;
      expect(Object.values(together).map((answer) => answer.source)).toEqual(items.map(() => source));
      expect(single).toEqual(together[ITEM]);
      expect(took).toBeLessThan(AT_ONCE_MS);
      return together;
    }, withinMs);
  const numbers = (answers: Readonly<Record<string, Stock>>) =>
    items.map((itemId) => [answers[itemId]?.stock, answers[itemId]?.revision]);
  const health = async (status: string, detail: string | RegExp | undefined) => {
    const { parts } = await eventually(async () => {
      const found = await system.health();
      expect(found.parts.stock?.status).toBe(status);
      return found;
    });
    if (detail === undefined) expect(parts.stock).not.toHaveProperty('detail');
    else expect(parts.stock?.detail).toMatch(detail);
  };
  const sell = async () => {
    const { status } = await system.post(invoiceBody(1, { id: someId() }));
    expect(status).toBe(202);
  };

  const ways = [
    ['frozen', (name: 'redis' | 'postgres' | 'nats') => servers[name].pause()],
    ['killed', (name: 'redis' | 'postgres' | 'nats') => servers[name].kill()],
  ] as const;
  const back = async (name: 'redis' | 'postgres' | 'nats', how: string) =>
    how === 'frozen' ? servers[name].resume() : servers[name].restart();

  it.each(ways)(
    'Redis %s: they come from Postgres, which moves on; then from Redis again',
    async (how, take) => {
      const before = await from('cache');
      await take('redis');
      expect(numbers(await from('balances'))).toEqual(numbers(before));
      await health('degraded', /^reads come from Postgres/);
      expect(await one('nobody')).toMatchObject({ stock: null, source: 'unavailable' });
      expect(await one('nobody', '?fetchOnMiss=true')).toMatchObject({ stock: null, source: 'unavailable' });

      await sell();
      const sold = await eventually(async () => {
        const now = await one(ITEM);
        expect(now.stock).toBe((before[ITEM]?.stock ?? 0) - 1);
        return now;
      });
      await back(...(['redis', how] as const));
      const after = await from('cache');
      expect(after[ITEM]).toEqual({ ...sold, source: 'cache' });
      await health('up', undefined);
    },
  );

  it.each(ways)('Postgres %s: they come from Redis, which moves on; lists say 503', async (how, take) => {
    const before = await from('cache');
    await take('postgres');
    expect(numbers(await from('cache'))).toEqual(numbers(before));
    await eventually(async () => {
      const began = performance.now();
      expect(await one('nobody')).toMatchObject({ stock: null, source: 'unavailable' });
      expect(performance.now() - began).toBeLessThan(AT_ONCE_MS);
    });
    expect(await system.ask('/api/balances')).toMatchObject({
      status: 503,
      body: { code: 'store_unavailable' },
    });
    expect(await one(ITEM, '?waitForSeq=1')).toMatchObject({ source: 'cache' });
    await health('degraded', /^reads come from Redis alone/);

    await sell();
    await eventually(async () => expect((await one(ITEM)).stock).toBe((before[ITEM]?.stock ?? 0) - 1));
    await back('postgres', how);
    await eventually(async () => {
      const debug = await system.get(`/api/debug/stock?itemId=${ITEM}`);
      expect(debug).toMatchObject({ balanceStock: (before[ITEM]?.stock ?? 0) - 1, agree: true, away: [] });
    }, RECOVERED_MS);
    await health('up', undefined);
  });

  it.each(ways)('NATS %s: they go on with their age shown, and move on afterwards', async (how, take) => {
    const before = await from('cache');
    await take('nats');
    await health('degraded', /numbers stand still/);
    const meanwhile = await from('cache');
    expect(meanwhile).toEqual(before);
    for (const { asOf } of Object.values(meanwhile)) expect(Date.parse(asOf ?? '')).not.toBeNaN();
    expect(await one(ITEM, '?waitForSeq=1')).toEqual(before[ITEM]);
    expect((await system.ask(`/api/stock/${ITEM}?waitForSeq=999999`)).status).toBe(504);
    expect(await one('nobody', '?fetchOnMiss=true')).toMatchObject({ stock: null, source: 'unavailable' });

    await back('nats', how);
    await eventually(sell, RECOVERED_MS);
    await eventually(
      async () => expect((await one(ITEM)).stock).toBeLessThan(before[ITEM]?.stock ?? 0),
      RECOVERED_MS,
    );
    await eventually(() => health('up', undefined), RECOVERED_MS);
  });

  it('both stores away: unavailable, and never a guess; the process says that it is not ready', async () => {
    const before = await from('cache');
    servers.redis.pause();
    servers.postgres.pause();
    const nobody = await from('unavailable');
    expect(numbers(nobody)).toEqual(items.map(() => [null, undefined]));
    // Passed or not, nobody knows any more; that it has passed, nobody can say.
    expect(await one(ITEM, '?waitForSeq=1')).toEqual(nobody[ITEM]);
    expect([503, 504]).toContain((await system.ask(`/api/stock/${ITEM}?waitForSeq=999999`)).status);
    await health('down', 'neither Redis nor Postgres can be read');
    expect((await system.health()).isReady).toBe(false);
    servers.redis.resume();
    servers.postgres.resume();
    expect(numbers(await from('cache'))).toEqual(numbers(before));
    await health('up', undefined);
  });
});
