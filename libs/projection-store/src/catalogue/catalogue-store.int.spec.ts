import {
  type CatalogueEvent,
  type ItemCatalogued,
  instantFrom,
  itemIdSchema,
  type Quantities,
  type StockChanged,
  streamSeq,
  type WarehouseCatalogued,
  warehouseIdSchema,
  zero,
} from '@tallystream/contracts';
import { freshNaming, testServers } from '@tallystream/testing';
import { type BalanceFilter, listBalances } from '../balances/balance-queries';
import { findBalance, writeBalances } from '../balances/balance-store';
import { balancesDatabase } from '../balances/balances-database';
import { encodeCursor } from '../cursor';
import { Database } from '../database';
import { isCatalogued, listWarehouses } from './catalogue-queries';
import { writeCatalogue } from './catalogue-store';

jest.setTimeout(60_000);

const at = (seconds: number) => instantFrom(Date.UTC(2026, 0, 7) + seconds * 1000);
const cause = { kind: 'sync', id: 'run', actor: 'reconciler' } as const;
const item = (id: string, rest: Partial<ItemCatalogued> = {}): CatalogueEvent => ({
  type: 'ItemCatalogued',
  data: {
    itemId: itemIdSchema.parse(id),
    name: id,
    status: 'active',
    tracksStock: true,
    cause,
    occurredAt: at(0),
    ...rest,
  },
});
const warehouse = (id: string, rest: Partial<WarehouseCatalogued> = {}): CatalogueEvent => ({
  type: 'WarehouseCatalogued',
  data: {
    warehouseId: warehouseIdSchema.parse(id),
    name: id,
    status: 'active',
    isPrimary: false,
    cause,
    occurredAt: at(0),
    ...rest,
  },
});

type Stocked = Readonly<{
  after?: Partial<Quantities>;
  sku?: string;
  provisional?: boolean;
  warehouse?: string;
}>;
const levelOf = (
  id: string,
  { after, sku, provisional = false, warehouse: where = 'main' }: Stocked,
): StockChanged => ({
  itemId: itemIdSchema.parse(id),
  warehouseId: warehouseIdSchema.parse(where),
  ...(sku ? { sku } : {}),
  revision: 1,
  delta: {},
  after: { ...zero, ...after },
  provisional,
  reason: 'observation',
  cause,
  occurredAt: at(0),
});

/** Asks for the plan of the query instead of its rows. */
class Planned extends Database {
  plan = '';

  override async query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<readonly Row[]> {
    const lines = await super.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${sql}`, parameters);
    this.plan = lines.map((line) => line['QUERY PLAN']).join('\n');
    return [];
  }
}

describe('the catalogue in Postgres', () => {
  const { schema } = freshNaming();
  let database: Database;

  beforeAll(() => {
    database = balancesDatabase({ url: testServers().databaseUrl, schema });
  });
  beforeEach(() => database.query('TRUNCATE balances, items, warehouses'));
  afterAll(async () => {
    await database.query(`DROP SCHEMA "${schema}" CASCADE`);
    await database.onApplicationShutdown();
  });

  const write = (from: number, ...events: readonly CatalogueEvent[]) =>
    database.transaction((manager) =>
      writeCatalogue(
        manager,
        events.map((event, index) => ({ event, seq: streamSeq(from + index) })),
      ),
    );
  const store = (levels: readonly StockChanged[]) =>
    database.transaction((manager) =>
      writeBalances(
        manager,
        levels.map((data) => ({ data, seq: streamSeq(1), storedAt: at(0) })),
      ),
    );
  const stock = (id: string, stocked: Stocked = {}) => store([levelOf(id, stocked)]);
  const list = async (filter: Partial<BalanceFilter> = {}) =>
    (await listBalances(database, { limit: 100, ...filter })).items;
  const found = async (filter: Partial<BalanceFilter>) => (await list(filter)).map(({ itemId }) => itemId);
  const warehouses = async () => (await listWarehouses(database, { limit: 100 })).items;

  it('keeps every field of an item, and leaves out what is no longer there', async () => {
    const whole = {
      arabicName: 'قلم',
      sku: 'PEN-1',
      unit: 'pcs',
      rate: 2.5,
      purchaseRate: 1.125,
      reorderLevel: 0.000001,
      imageId: '264661',
    };
    await write(1, item('pen', whole));
    const row = async () => (await database.query<object>('SELECT * FROM items'))[0];
    expect(await row()).toMatchObject({
      item_id: 'pen',
      name: 'pen',
      arabic_name: 'قلم',
      sku: 'PEN-1',
      unit: 'pcs',
      rate: '2.5',
      purchase_rate: '1.125',
      status: 'active',
      reorder_level: '0.000001',
      image_id: '264661',
      tracks_stock: true,
      sequence: '1',
    });
    await write(2, item('pen', { status: 'gone' }));
    const gone = {
      arabic_name: null,
      sku: null,
      rate: null,
      reorder_level: null,
      status: 'gone',
      sequence: '2',
    };
    expect(await row()).toMatchObject(gone);
    expect(await isCatalogued(database, itemIdSchema.parse('pen'))).toBe(true);
    expect(await isCatalogued(database, itemIdSchema.parse('ink'))).toBe(false);
  });

  it('the later event wins, in any order and within one batch', async () => {
    await write(5, item('pen', { name: 'new' }), warehouse('main', { name: 'new' }));
    await write(1, item('pen', { name: 'old' }), warehouse('main', { name: 'old' }));
    await stock('pen');
    expect(await list()).toMatchObject([{ itemName: 'new', warehouseName: 'new' }]);
    await write(7, item('pen', { name: 'older' }), item('pen', { name: 'newest' }));
    expect(await list()).toMatchObject([{ itemName: 'newest', warehouseName: 'new' }]);
  });

  it('names levels, and leaves those alone that it does not know', async () => {
    await write(
      1,
      item('pen', { name: 'Pen', arabicName: 'قلم', sku: 'P' }),
      warehouse('main', { name: 'Main' }),
    );
    await stock('pen');
    await stock('ink', { sku: 'I', warehouse: 'shop' });
    const [pen, ink] = await list();
    expect(pen).toMatchObject({ itemName: 'Pen', arabicName: 'قلم', sku: 'P', warehouseName: 'Main' });
    expect(ink).toMatchObject({ itemId: 'ink', sku: 'I' });
    expect(Object.keys(ink ?? {})).not.toEqual(expect.arrayContaining(['itemName']));
    expect(Object.keys(ink ?? {})).not.toEqual(expect.arrayContaining(['warehouseName']));
  });

  it("shows and finds the level's own SKU, else the catalogue's", async () => {
    await write(1, item('pen', { sku: 'CAT' }), item('ink', { sku: 'CAT' }));
    await stock('pen', { sku: 'OWN' });
    await stock('ink');
    expect((await list()).map(({ itemId, sku }) => [itemId, sku])).toEqual([
      ['ink', 'CAT'],
      ['pen', 'OWN'],
    ]);
    expect(await found({ sku: 'OWN' })).toEqual(['pen']);
    expect(await found({ sku: 'CAT' })).toEqual(['ink']);
    expect(
      await findBalance(database, {
        itemId: itemIdSchema.parse('ink'),
        warehouseId: warehouseIdSchema.parse('main'),
      }),
    ).not.toHaveProperty('sku');
  });

  describe('search', () => {
    beforeEach(async () => {
      await write(
        1,
        item('1', { name: 'Ballpoint pen, blue', arabicName: 'قلم حِبر أزرق', sku: 'PROD-001' }),
        item('2', { name: 'Ballpoint pen, red', arabicName: 'قلم حبر أحمر', sku: 'PROD-002' }),
        item('3', { name: 'Crème', arabicName: 'قشطة' }),
      );
      for (const id of ['1', '2', '3', 'unknown']) await stock(id);
    });

    it.each([
      { q: 'ballpoint', ids: ['1', '2'] },
      { q: 'BALL re', ids: ['2'] },
      { q: 'red ball', ids: ['2'] },
      { q: 'point', ids: [] },
      { q: 'creme', ids: ['3'] },
      { q: 'أقلام', ids: [] },
      { q: 'قلم ازرق', ids: ['1'] },
      { q: 'قشطه', ids: ['3'] },
      { q: 'PROD-00', ids: ['1', '2'] },
      { q: 'prod-002', ids: ['2'] },
      { q: 'prod002', ids: ['2'] },
      { q: '٠٠١', ids: ['1'] },
      { q: `'; DROP TABLE items; --`, ids: [] },
      { q: 'pen:* | red', ids: ['2'] },
    ])('for "$q" finds $ids', async ({ q, ids }) => {
      expect(await found({ q })).toEqual(ids);
    });

    it('goes with other filters, and pages', async () => {
      await stock('1', { warehouse: 'shop' });
      expect(await found({ q: 'pen', warehouse: warehouseIdSchema.parse('shop') })).toEqual(['1']);
      const first = await listBalances(database, { q: 'pen', limit: 2 });
      const second = await listBalances(database, { q: 'pen', limit: 2, cursor: first.nextCursor ?? '' });
      const pages = [first, second].map(({ items }) =>
        items.map(({ itemId, warehouseId }) => `${warehouseId} ${itemId}`),
      );
      expect(pages).toEqual([['main 1', 'main 2'], ['shop 1']]);
      expect(second.nextCursor).toBeNull();
    });
  });

  it('finds among 9,000 levels by name and by SKU through indexes', async () => {
    const ids = Array.from({ length: 3_000 }, (_, n) => `${n}`);
    await write(1, ...ids.map((id) => item(id, { name: `word${id}`, sku: `SKU-${id}` })));
    const levels = ids.flatMap((id) => ['a', 'b', 'c'].map((where) => levelOf(id, { warehouse: where })));
    await store(levels);
    await database.query('ANALYZE items, balances');
    const planned = new Planned({
      url: testServers().databaseUrl,
      schema,
      owner: 'x',
      entities: [],
      migrations: [],
    });
    await listBalances(planned, { limit: 50, q: 'word12' });
    expect(planned.plan).toContain('items_by_search');
    expect(planned.plan).not.toMatch(/Seq Scan on (items|balances)/);
    await listBalances(planned, { limit: 50, sku: 'SKU-7' });
    expect(planned.plan).toContain('items_by_sku');
    expect(planned.plan).toContain('balances_by_sku');
    expect(planned.plan).not.toMatch(/Seq Scan on (items|balances)/);
    await planned.onApplicationShutdown();
  });

  it('tells what is low by the reorder level of the item', async () => {
    const low = { name: 'x', reorderLevel: 10 };
    await write(
      1,
      item('below', low),
      item('at', low),
      item('above', low),
      item('promised', low),
      item('none-set', { name: 'x' }),
      item('service', { ...low, tracksStock: false }),
      item('never-seen', low),
    );
    await stock('below', { after: { onHand: -3 } });
    await stock('at', { after: { onHand: 10 } });
    await stock('above', { after: { onHand: 10.000001 } });
    await stock('promised', { after: { onHand: 15, committed: 3, reserved: 2 } });
    for (const id of ['none-set', 'service', 'not-catalogued']) await stock(id);
    await stock('never-seen', { provisional: true });
    expect(await found({ status: 'low' })).toEqual(['at', 'below', 'promised']);
  });

  it('lists warehouses by id, each once, those that are gone too', async () => {
    await write(
      1,
      warehouse('b', { status: 'gone' }),
      warehouse('a', { name: 'Main', isPrimary: true }),
      warehouse('C'),
    );
    const all = await warehouses();
    expect(all).toHaveLength(3);
    expect(all).toContainEqual({
      warehouseId: 'a',
      name: 'Main',
      status: 'active',
      isPrimary: true,
      asOf: at(0),
    });
    const first = await listWarehouses(database, { limit: 2 });
    const second = await listWarehouses(database, { limit: 2, cursor: first.nextCursor ?? '' });
    expect([...first.items, ...second.items]).toEqual(all);
    expect(second.nextCursor).toBeNull();
  });

  it.each(['forged', 'W10', encodeCursor([1]), encodeCursor(['a', 'b']), encodeCursor(['a\u0000'])])(
    'refuses the cursor %p, which it did not give out',
    async (cursor) => {
      await expect(listWarehouses(database, { limit: 2, cursor })).rejects.toMatchObject({
        code: 'invalid_request',
        errors: [{ path: 'cursor' }],
      });
    },
  );
});
