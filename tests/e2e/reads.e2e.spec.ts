import { execFileSync } from 'node:child_process';
import { eventually } from '@tallystream/testing';
import { onPath } from '../../deploy/local/find-program';
import type { Api } from './api';
import { trackedItems } from './simulator';
import { ITEM, invoiceBody, type Replica, SALES_WAREHOUSE, type System, someId, startSystem } from './system';

type Stock = Readonly<{
  itemId: string;
  warehouseId: string;
  stock: number | null;
  source: string;
  quantities?: Readonly<Record<string, number>>;
  revision?: number;
  asOf?: string;
  message?: string;
}>;
type Made = Readonly<{ document: { item: { item_id: string } } }>;
type Stocks = Readonly<{ items: Readonly<Record<string, Stock>> }>;

const ITEMS = 60;
/** Of a day's calls, what reads may cause at once. */
const DAILY_LIMIT = 1_000;
const AT_ONCE = 10;
const FETCH_WAIT_MS = 5_000;

describe('stock', () => {
  let system: System;
  let second: Replica;
  beforeAll(async () => {
    system = await startSystem({
      simulator: { SIMULATOR_ITEMS: String(ITEMS) },
      env: { ZOHO_DAILY_LIMIT: String(DAILY_LIMIT), ZOHO_RATE_LIMIT_PER_MINUTE: '1000' },
    });
    second = await system.join();
  }, 90_000);
  afterAll(() => system?.stop());

  const one = (itemId: string, query = '', api: Api = system) =>
    api.get<Stock>(`/api/stock/${itemId}${query}`);
  const listed = async (itemIds: readonly string[], query = '') =>
    (await system.get<Stocks>(`/api/stock?itemIds=${itemIds.join(',')}${query}`)).items;
  const bulk = async (itemIds: readonly string[], query = '') =>
    (await system.ask<Stocks>(`/api/stock/bulk${query}`, { body: { itemIds } })).body.items;
  const items = trackedItems(50);

  it('is the same number however it is asked for: what is there of one warehouse, never of all', async () => {
    const truth = await system.zoho.truth();
    const warehouses = [...new Set(truth.map(({ warehouseId }) => warehouseId))];
    expect(warehouses).toHaveLength(3);
    for (const warehouse of warehouses) {
      const query = warehouse === SALES_WAREHOUSE ? '' : `warehouse=${warehouse}`;
      const [fromList, fromBulk] = [
        await listed(items, query && `&${query}`),
        await bulk(items, query && `?${query}`),
      ];
      expect(fromBulk).toEqual(fromList);
      for (const itemId of items) {
        const known = truth.find((level) => level.itemId === itemId && level.warehouseId === warehouse);
        const answer = await one(itemId, query && `?${query}`);
        expect(answer).toEqual(fromList[itemId]);
        if (!known) expect(answer).toMatchObject({ stock: null, source: 'unavailable' });
        else {
          const stock = Math.round((known.onHand - known.committed) * 1e6) / 1e6;
          expect(answer).toMatchObject({
            itemId,
            warehouseId: warehouse,
            stock,
            source: 'cache',
            revision: 1,
          });
          expect(answer.quantities).toMatchObject({ onHand: known.onHand, reserved: 0 });
          expect(Date.parse(answer.asOf ?? '')).toBeGreaterThan(Date.parse('2025-01-01'));
        }
      }
    }
  });

  it('is what plain redis-cli finds under stock:<item>', async () => {
    const cli = onPath('redis-cli') ?? onPath('valkey-cli');
    if (!cli) throw new Error('there is neither redis-cli nor valkey-cli on PATH');
    const redisCli = (...command: readonly string[]) =>
      execFileSync(cli, ['-u', system.servers.redisUrl, ...command], { encoding: 'utf8' }).trim();
    for (const itemId of items.slice(0, 5)) {
      const { stock, quantities, revision, asOf } = await one(itemId);
      const key = system.naming.redisKey(`stock:${itemId}`);
      expect(redisCli('GET', key)).toBe(String(stock));
      expect(Number(redisCli('TTL', key))).toBeGreaterThan(14_000);
      const level = `${key}:${SALES_WAREHOUSE}`;
      expect(redisCli('HGET', level, 'onHand')).toBe(String(quantities?.onHand));
      expect(redisCli('HMGET', level, 'revision', 'asOf')).toBe(`${revision}\n${asOf}`);
    }
  });

  it('of whoever waits for what they wrote has it in it, from any store and any replica', async () => {
    for (let n = 1; n <= 5; n += 1) {
      const before = await one(ITEM);
      const id = someId();
      await system.post(invoiceBody(1, { id }));
      const seq = await eventually(async () => {
        const { items: events } = await system.get<{ items: { seq: number }[] }>(
          `/api/audit/events?document=invoice:${id}`,
        );
        // The level that it moved, and the document itself.
        expect(events).toHaveLength(2);
        return Math.max(...events.map((event) => event.seq));
      });
      const query = `waitForSeq=${seq}`;
      const expected = { stock: (before.stock ?? 0) - 1, revision: (before.revision ?? 0) + 1 };
      expect(await one(ITEM, `?${query}`, second)).toMatchObject(expected);
      expect(await one(ITEM, `?${query}`)).toMatchObject(expected);
      expect((await bulk([ITEM], `?${query}`))[ITEM]).toMatchObject(expected);
      const balances = await second.get<{ items: Stock[] }>(`/api/items/${ITEM}/balances?${query}`);
      expect(balances.items.find(({ warehouseId }) => warehouseId === SALES_WAREHOUSE)).toMatchObject(
        expected,
      );
      const filtered = await system.get<{ items: Stock[] }>(
        `/api/balances?item=${ITEM}&warehouse=${SALES_WAREHOUSE}&${query}`,
      );
      expect(filtered.items).toMatchObject([expected]);
    }
    expect((await system.get<{ items: unknown[] }>('/api/warehouses?waitForSeq=1')).items).toHaveLength(3);
  });

  it('is compared store by store, for whoever doubts it', async () => {
    const { stock } = await one(ITEM);
    const all = { cachedStock: stock, balanceStock: stock, ledgerStock: stock, apiStock: stock };
    await eventually(async () =>
      expect(await system.get(`/api/debug/stock?itemId=${ITEM}`)).toEqual({
        itemId: ITEM,
        warehouse: SALES_WAREHOUSE,
        ...all,
        source: 'cache',
        agree: true,
        away: [],
      }),
    );
    const nobody = { cachedStock: null, balanceStock: null, ledgerStock: null, apiStock: null };
    expect(await system.get('/api/debug/stock?itemId=nobody')).toMatchObject({
      ...nobody,
      source: 'unavailable',
      agree: true,
    });
    expect(await system.get(`/api/debug/stock?itemId=${ITEM}&warehouse=nowhere`)).toMatchObject(nobody);
  });

  describe('that no store knows', () => {
    const details = async () => (await system.zoho.calls()).endpoints.itemdetails?.calls ?? 0;
    /** In Zoho, with so many pieces, and nobody told us. */
    const secretItem = async (onHand: number): Promise<string> => {
      await system.zoho.post('delivery', { lose: 1 });
      const made = await system.zoho.post<Made>('items', { name: 'Kettle' });
      const itemId = made.document.item.item_id;
      await system.zoho.post(`items/${itemId}/shift`, { onHand, physicalOnHand: onHand });
      return itemId;
    };
    beforeEach(() => system.zoho.countFromNow());

    it('is fetched from Zoho by one call, however many ask, and known from then on', async () => {
      const itemId = await secretItem(7);
      expect(await one(itemId)).toMatchObject({ stock: null, source: 'unavailable' });
      expect((await bulk([itemId]))[itemId]).toMatchObject({ stock: null });
      expect(await details()).toBe(0);

      const asked = Array.from({ length: 40 }, (_, n) =>
        one(itemId, '?fetchOnMiss=true', n % 2 === 0 ? system : second),
      );
      const answers = await Promise.all(asked);
      for (const { asOf: _, quantities: _all, ...answer } of answers) {
        expect(answer).toEqual({
          itemId,
          warehouseId: SALES_WAREHOUSE,
          stock: 7,
          // Whoever came late found it in a store.
          source: expect.stringMatching(/^(zoho|cache|balances)$/),
          revision: 1,
        });
      }
      expect(answers.map(({ source }) => source)).toContain('zoho');
      expect(await details()).toBe(1);
      expect(await one(itemId, '?fetchOnMiss=true')).toMatchObject({ stock: 7, source: 'cache' });
      expect((await bulk([itemId, ITEM]))[itemId]).toMatchObject({ stock: 7, source: 'cache' });
      expect(await details()).toBe(1);
    });

    it('and Zoho neither: one call, an early answer, and no second call', async () => {
      const began = performance.now();
      expect(await one('404', '?fetchOnMiss=true')).toMatchObject({
        stock: null,
        source: 'unavailable',
        message: 'Check availability',
      });
      expect(performance.now() - began).toBeLessThan(FETCH_WAIT_MS);
      expect(await details()).toBe(1);
      const again = performance.now();
      for (const api of [system, second]) await one('404', '?fetchOnMiss=true', api);
      expect(performance.now() - again).toBeLessThan(FETCH_WAIT_MS);
      expect(await details()).toBe(1);
    });

    it('is not fetched without end by whoever makes up ids: a small share of the day at once', async () => {
      const made = Array.from({ length: 300 }, (_, n) => one(`made-up-${n}`, '?fetchOnMiss=true'));
      for (const answer of await Promise.all(made)) expect(answer.source).toBe('unavailable');
      const calls = await details();
      expect(calls).toBeGreaterThan(0);
      expect(calls).toBeLessThanOrEqual(AT_ONCE);
      await one('made-up-too-late', '?fetchOnMiss=true', second);
      expect(await details()).toBe(calls);
    });
  });

  it('describes itself', async () => {
    type OpenApi = Readonly<{
      paths: Readonly<Record<string, Readonly<Record<string, { parameters?: { name: string }[] }>>>>;
    }>;
    const { paths } = await system.get<OpenApi>('/docs/openapi.json');
    const parameters = (path: string, method: string) =>
      (paths[path]?.[method]?.parameters ?? []).map(({ name }) => name).sort();
    expect(parameters('/api/stock/{itemId}', 'get')).toEqual([
      'fetchOnMiss',
      'itemId',
      'waitForSeq',
      'warehouse',
    ]);
    expect(parameters('/api/stock', 'get')).toEqual(['itemIds', 'waitForSeq', 'warehouse']);
    expect(parameters('/api/stock/bulk', 'post')).toEqual(['waitForSeq', 'warehouse']);
    expect(parameters('/api/balances', 'get')).toContain('waitForSeq');
    expect(parameters('/api/debug/stock', 'get')).toEqual(['itemId', 'warehouse']);
  });
});
