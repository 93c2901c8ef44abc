import type { Answer } from './api';
import { ADMIN_KEY, READER_KEY } from './api';
import { ITEM, type System, startSystem } from './system';

type Problem = Readonly<{ status: number; code: string; errors?: readonly Readonly<{ path: string }>[] }>;

const ids = (count: number, prefix = 'item') => Array.from({ length: count }, (_, n) => `${prefix}-${n}`);
const cursorOf = (...key: readonly unknown[]) => Buffer.from(JSON.stringify(key)).toString('base64url');

describe('reads that ask wrongly', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem();
  }, 60_000);
  afterAll(() => system?.stop());

  const bulk = <T = Problem>(body: unknown, query = ''): Promise<Answer<T>> =>
    system.ask<T>(`/api/stock/bulk${query}`, { method: 'POST', body });
  const expectProblem = ({ status, headers, body }: Answer<Problem>, expected: number, path?: string) => {
    expect([status, body.status]).toEqual([expected, expected]);
    expect(headers.get('content-type')).toContain('application/problem+json');
    if (path) expect(body.errors?.map((error) => error.path)).toContain(path);
  };

  const waits = [
    '',
    '-1',
    '1.5',
    'NaN',
    'Infinity',
    '1e3',
    '0x10',
    '%205',
    '5%20',
    '9'.repeat(16),
    'now',
    '%00',
    '٣',
  ];
  it.each([
    ...waits.map((wait) => [`stock/1?waitForSeq=${wait}`, 'waitForSeq']),
    ...waits.map((wait) => [`stock?itemIds=1&waitForSeq=${wait}`, 'waitForSeq']),
    ...waits.map((wait) => [`balances?waitForSeq=${wait}`, 'waitForSeq']),
    ...waits.slice(0, 3).map((wait) => [`items/1/balances?waitForSeq=${wait}`, 'waitForSeq']),
    ...waits.slice(0, 3).map((wait) => [`warehouses?waitForSeq=${wait}`, 'waitForSeq']),
    ['stock/1?waitForSeq=1&waitForSeq=2', 'waitForSeq'],
    ['stock/a.b', 'itemId'],
    ['stock/%20', 'itemId'],
    ['stock/*', 'itemId'],
    ['stock/%3E', 'itemId'],
    ['stock/%00', 'itemId'],
    [`stock/${'9'.repeat(65)}`, 'itemId'],
    ['stock/1?warehouse=*', 'warehouse'],
    ['stock/1?warehouse=', 'warehouse'],
    ['stock/1?fetchOnMiss=1', 'fetchOnMiss'],
    ['stock/1?fetchOnMiss=', 'fetchOnMiss'],
    ['stock/1?colour=red', 'colour'],
    ['stock', 'itemIds'],
    ['stock?itemIds=', 'itemIds.0'],
    ['stock?itemIds=a,,b', 'itemIds.1'],
    ['stock?itemIds=a,b.c', 'itemIds.1'],
    ['stock?itemIds=a&itemIds=b', 'itemIds'],
    [`stock?itemIds=${ids(501).join(',')}`, 'itemIds'],
    // Of a list nobody waits for Zoho.
    ['stock?itemIds=a&fetchOnMiss=true', 'fetchOnMiss'],
    ['debug/stock', 'itemId'],
    ['debug/stock?itemId=a.b', 'itemId'],
    ['debug/stock?itemId=1&warehouse=%00', 'warehouse'],
    ['balances?limit=-1', 'limit'],
    ['balances?limit=0', 'limit'],
    ['balances?limit=501', 'limit'],
    ['balances?limit=ten', 'limit'],
    ['balances?status=plenty', 'status'],
    ['balances?cursor=forged', 'cursor'],
    [`balances?cursor=${cursorOf('main')}`, 'cursor'],
    [`balances?cursor=${cursorOf('__proto__')}`, 'cursor'],
    [`balances?cursor=${cursorOf(['main'], 'pen')}`, 'cursor'],
    ['items/1/balances?limit=-1', 'limit'],
    ['items/1/balances?cursor=forged', 'cursor'],
    ['warehouses?cursor=forged', 'cursor'],
  ])('GET %s: 400 that names %s', async (path, field) => {
    expectProblem(await system.ask<Problem>(`/api/${path}`), 400, field);
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, '(root)'],
    ['no list', {}, 'itemIds'],
    ['an empty list', { itemIds: [] }, 'itemIds'],
    ['a text', { itemIds: 'a,b' }, 'itemIds'],
    ['numbers', { itemIds: [109854] }, 'itemIds.0'],
    ['null', { itemIds: [null] }, 'itemIds.0'],
    ['lists in the list', { itemIds: [['a']] }, 'itemIds.0'],
    ['a malformed id among others', { itemIds: [...ids(9), 'a.b'] }, 'itemIds.9'],
    ['5,001 ids', { itemIds: ids(5_001) }, 'itemIds'],
    ['something else beside', { itemIds: ['a'], warehouse: 'main' }, 'warehouse'],
    ['a list', ['a'], '(root)'],
    ['a prototype', '{"itemIds":["a"],"__proto__":{"x":1}}', '__proto__'],
    ['nothing but a prototype', '{"__proto__":{"itemIds":["a"]}}', 'itemIds'],
  ])('POST stock/bulk with %s: 400', async (_what, body, field) => {
    expectProblem(await bulk(body), 400, field);
  });

  it('POST stock/bulk with what is no JSON: 400; with another type: 415; with too much: 413', async () => {
    expectProblem(await bulk('{"itemIds":'), 400);
    expectProblem(await bulk('"itemIds"'), 400);
    const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'itemIds=a' };
    expectProblem(await system.ask<Problem>('/api/stock/bulk', form), 415);
    expectProblem(await bulk({ itemIds: ids(10_000, 'x'.repeat(55)) }), 413);
    expectProblem(await bulk({ itemIds: ['a'] }, '?fetchOnMiss=true'), 400, 'fetchOnMiss');
    expectProblem(await bulk({ itemIds: ['a'] }, '?waitForSeq=-1'), 400, 'waitForSeq');
  });

  it('500 malformed ids: one short 400', async () => {
    const malformed = ids(500).map((id) => `${id}.`);
    const listed = await system.ask<Problem>(`/api/stock?itemIds=${malformed.join(',')}`);
    const posted = await bulk({ itemIds: malformed });
    for (const answer of [listed, posted]) {
      expectProblem(answer, 400, 'itemIds.0');
      expect(JSON.stringify(answer.body).length).toBeLessThan(10_000);
    }
  });

  it('what is yet to come: 504, after 5 seconds, and nobody else is held up', async () => {
    const waits = [
      'stock/1?waitForSeq=999999999999999',
      'stock?itemIds=1,2&waitForSeq=1000',
      'balances?waitForSeq=1000',
      'items/1/balances?waitForSeq=1000',
      'warehouses?waitForSeq=1000',
      ...ids(100).map((id, n) => `stock/${id}?waitForSeq=${1_000 + n}`),
    ];
    const began = performance.now();
    const waiting = Promise.all(
      waits.map(async (path) => {
        const answer = await system.ask<Problem>(`/api/${path}`);
        return { answer, took: performance.now() - began };
      }),
    );
    expect((await system.ask(`/api/stock/${ITEM}`)).status).toBe(200);
    expect(performance.now() - began).toBeLessThan(4_900);
    for (const { answer, took } of await waiting) {
      expectProblem(answer, 504);
      expect(answer.body.code).toBe('wait_timeout');
      expect(took).toBeGreaterThan(4_900);
    }
  });

  it('what nobody knows is unavailable, in every way of asking, and 200', async () => {
    const unknown = [...ids(496), '__proto__', 'constructor', 'toString', '-'];
    const unavailable = (itemId: string, warehouseId: string) => ({
      itemId,
      warehouseId,
      stock: null,
      source: 'unavailable',
      message: 'Check availability',
    });
    type Items = Readonly<{ items: Readonly<Record<string, unknown>> }>;
    const listed = await system.get<Items>(`/api/stock?itemIds=${unknown.join(',')}&warehouse=w`);
    const posted = await bulk<Items>({ itemIds: [...unknown, ...unknown] }, '?warehouse=w');
    const expected = unknown.map((itemId) => [itemId, unavailable(itemId, 'w')]);
    for (const { items } of [listed, posted.body]) expect(Object.entries(items)).toEqual(expected);
    for (const itemId of ['__proto__', 'item-7']) {
      expect(await system.get(`/api/stock/${itemId}?warehouse=w`)).toEqual(unavailable(itemId, 'w'));
    }
    const most = await bulk<Items>({ itemIds: ids(5_000) });
    expect([most.status, Object.keys(most.body.items).length]).toEqual([200, 5_000]);
  });

  it.each([
    'stock/1',
    'stock?itemIds=1',
    'debug/stock?itemId=1',
    'balances',
    'items/1/balances',
    'warehouses',
  ])('GET %s without a key: 401; with the weakest: not refused', async (path) => {
    expectProblem(await system.ask<Problem>(`/api/${path}`, { key: '' }), 401);
    expect([200, 404]).toContain((await system.ask(`/api/${path}`, { key: READER_KEY })).status);
    expect([200, 404]).toContain((await system.ask(`/api/${path}`, { key: ADMIN_KEY })).status);
  });
});
