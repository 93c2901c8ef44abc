import {
  type Dispute,
  driftIdSchema,
  forSale,
  instantFrom,
  itemIdSchema,
  type LevelRef,
  type StockChanged,
  streamSeq,
  warehouseIdSchema,
  zero,
} from '@tallystream/contracts';
import { freshNaming, testServers } from '@tallystream/testing';
import { encodeCursor } from '../cursor';
import type { Database } from '../database';
import { type BalanceFilter, listBalances } from './balance-queries';
import { type Balance, findBalance, writeBalances } from './balance-store';
import { balancesDatabase } from './balances-database';

jest.setTimeout(60_000);

const at = (seconds: number) => instantFrom(Date.UTC(2026, 0, 7) + seconds * 1000);
const level = (item: string, warehouse = 'main'): LevelRef => ({
  itemId: itemIdSchema.parse(item),
  warehouseId: warehouseIdSchema.parse(warehouse),
});

describe('balances in Postgres', () => {
  const { schema } = freshNaming();
  let database: Database;

  beforeAll(() => {
    database = balancesDatabase({ url: testServers().databaseUrl, schema });
  });
  beforeEach(() => database.query('TRUNCATE balances'));
  afterAll(async () => {
    await database.query(`DROP SCHEMA "${schema}" CASCADE`);
    await database.onApplicationShutdown();
  });

  const changed = (ref: LevelRef, revision: number, rest: Partial<StockChanged> = {}): StockChanged => ({
    ...ref,
    revision,
    delta: {},
    after: { ...zero, onHand: revision },
    provisional: false,
    reason: 'sale',
    cause: { kind: 'webhook', id: '1', actor: 'zoho' },
    occurredAt: at(revision),
    ...rest,
  });
  const write = (...events: readonly StockChanged[]) =>
    database.transaction((manager) =>
      writeBalances(
        manager,
        events.map((data) => ({ data, seq: streamSeq(data.revision * 10), storedAt: at(data.revision) })),
      ),
    );
  const list = async (filter: Partial<BalanceFilter> = {}) =>
    listBalances(database, { limit: 100, ...filter });
  const items = async (filter: Partial<BalanceFilter>) =>
    (await list(filter)).items.map(({ itemId }) => itemId);
  const pen = level('pen');

  const orders = [
    [1, 2, 3],
    [1, 3, 2],
    [2, 1, 3],
    [2, 3, 1],
    [3, 1, 2],
    [3, 2, 1],
  ];
  it.each(orders)('the highest revision wins when they come as %d, %d, %d', async (...revisions) => {
    for (const revision of revisions) await write(changed(pen, revision));
    expect(await findBalance(database, pen)).toEqual({
      ...pen,
      quantities: { ...zero, onHand: 3 },
      provisional: false,
      revision: 3,
      seq: 30,
      occurredAt: at(3),
      recordedAt: at(3),
    });
  });

  it('a batch writes each of its levels once, as its last event says', async () => {
    await write(changed(pen, 1), changed(level('ink'), 1), changed(pen, 2));
    expect((await list()).items.map(({ itemId, revision }) => [itemId, revision])).toEqual([
      ['ink', 1],
      ['pen', 2],
    ]);
  });

  it('an event that says no sku leaves the one that is known; baseline and doubt are as it says', async () => {
    await write(changed(pen, 1, { sku: 'PEN-1', baselineAsOf: at(0), provisional: true }));
    await write(changed(pen, 2));
    const balance = await findBalance(database, pen);
    expect(balance).toMatchObject({ revision: 2, sku: 'PEN-1', provisional: false });
    expect(balance).not.toHaveProperty('baselineAsOf');
    await write(changed(pen, 3, { sku: 'PEN-2', baselineAsOf: at(5) }));
    expect(await findBalance(database, pen)).toMatchObject({ sku: 'PEN-2', baselineAsOf: at(5) });
  });

  it.each([
    0,
    0.3,
    0.1 + 0.2,
    -0.000001,
    0.000001,
    1_234_567.654321,
    2 ** 32,
    -(2 ** 32),
    4_294_967_295.999999,
  ])('keeps %p to the millionth', async (value) => {
    const after = { ...zero, onHand: value, committed: -value, inTransit: value, reserved: value };
    await write(changed(pen, 1, { after: { ...after, physicalOnHand: value, physicalCommitted: value } }));
    const exact = Math.round(value * 1e6) / 1e6;
    expect((await findBalance(database, pen))?.quantities).toEqual({
      onHand: exact,
      committed: exact === 0 ? 0 : -exact,
      physicalOnHand: exact,
      physicalCommitted: exact,
      inTransit: exact,
      reserved: exact,
    });
    const [row] = await database.query<{ text: string; total: string }>(
      'SELECT on_hand::text AS text, (on_hand + committed)::text AS total FROM balances',
    );
    expect(row).toEqual({ text: exact.toFixed(6), total: '0.000000' });
  });

  it('adds up in SQL without a rest: 0.1 + 0.2 is 0.3', async () => {
    await write(
      changed(pen, 1, { after: { ...zero, onHand: 0.1 } }),
      changed(level('ink'), 1, { after: { ...zero, onHand: 0.2 } }),
    );
    const [row] = await database.query('SELECT sum(on_hand) = 0.3 AS exact FROM balances');
    expect(row).toEqual({ exact: true });
  });

  it('tells in stock, sold out and unknown apart, as `forSale` does', async () => {
    const holding = (item: string, onHand: number, committed: number, reserved = 0, provisional = false) =>
      changed(level(item), 1, { after: { ...zero, onHand, committed, reserved }, provisional });
    await write(
      holding('some', 5, 4.999999),
      holding('none', 0.3, 0.1, 0.2),
      holding('less', 1, 3),
      holding('reserved', 2, 0, 2),
      holding('doubtful', 5, 0, 0, true),
    );
    expect(await items({ status: 'in' })).toEqual(['some']);
    expect(await items({ status: 'out' })).toEqual(['less', 'none', 'reserved']);
    expect(await items({ status: 'unknown' })).toEqual(['doubtful']);
    const shown = (await list()).items.map((balance: Balance) => [balance.itemId, forSale(balance)]);
    expect(Object.fromEntries(shown)).toEqual({
      some: 0.000001,
      none: 0,
      less: -2,
      reserved: 0,
      doubtful: null,
    });
  });

  const dispute = (difference: Dispute['difference'], side: Dispute['side'] = 'accounting'): Dispute => ({
    driftId: driftIdSchema.parse(`drift-${side}`),
    side,
    difference,
    zoho: {},
    since: at(0),
  });

  it('sells a disputed level from the lower number, in every filter, until nobody disputes it', async () => {
    const holding = (item: string, onHand: number, rest: Partial<StockChanged>, reserved = 0) =>
      changed(level(item), 1, { after: { ...zero, onHand, reserved }, ...rest });
    await write(
      holding('zoho-less', 120, { disputed: [dispute({ onHand: -120.5 })] }),
      holding('zoho-more', 5, { disputed: [dispute({ onHand: 40 })] }, 0.000001),
      holding('ours-none', 0, { disputed: [dispute({ onHand: 40 })] }),
      holding('on-the-shelf', 5, { disputed: [dispute({ physicalOnHand: -5 }, 'physical')] }),
      holding('doubtful', 5, { disputed: [dispute({ onHand: -5 })], provisional: true }),
    );
    const shown = (await list()).items.map((balance: Balance) => [
      balance.itemId,
      [forSale(balance), balance.disputed?.zoho],
    ]);
    expect(Object.fromEntries(shown)).toEqual({
      'zoho-less': [-0.5, -0.5],
      'zoho-more': [4.999999, 44.999999],
      'ours-none': [0, 40],
      'on-the-shelf': [5, undefined],
      doubtful: [null, undefined],
    });
    expect(await items({ status: 'in' })).toEqual(['on-the-shelf', 'zoho-more']);
    expect(await items({ status: 'out' })).toEqual(['ours-none', 'zoho-less']);
    expect(await items({ status: 'unknown' })).toEqual(['doubtful']);

    await write(changed(level('zoho-less'), 2, { after: { ...zero, onHand: 120 } }));
    expect(await items({ status: 'out' })).toEqual(['ours-none']);
    expect(await findBalance(database, level('zoho-less'))).not.toHaveProperty('disputed');
  });

  it('filters by warehouse, item and sku, and by several at once', async () => {
    await write(
      changed(pen, 1, { sku: 'P' }),
      changed(level('pen', 'shop'), 1, { sku: 'P' }),
      changed(level('ink', 'shop'), 1, { sku: 'I' }),
    );
    const { warehouseId: shop } = level('pen', 'shop');
    expect(await items({ warehouse: shop })).toEqual(['ink', 'pen']);
    expect((await list({ item: pen.itemId })).items).toHaveLength(2);
    expect((await list({ sku: 'P' })).items).toHaveLength(2);
    expect(await items({ sku: 'P', warehouse: shop })).toEqual(['pen']);
    expect(await items({ sku: `P'; DROP TABLE balances; --` })).toEqual([]);
    expect(await findBalance(database, level('ink'))).toBeUndefined();
  });

  it('pages show every level once, in one order, while rows change and others come and go', async () => {
    // Upper and lower case, - and _: whatever the collation says, the cursor must say the same.
    const names = ['B', 'a', 'a-b', 'a_b', 'ab', 'A', '1', '10', '2', 'c'];
    const levels = names.flatMap((name) => [level(name), level(name, 'Shop')]);
    await write(...levels.map((ref) => changed(ref, 1)));
    const inOnePage = (await list()).items.map(({ itemId, warehouseId }) => `${warehouseId} ${itemId}`);
    expect(new Set(inOnePage).size).toBe(levels.length);

    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await list({ limit: 3, ...(cursor ? { cursor } : {}) });
      expect(page.items.length).toBeLessThanOrEqual(3);
      seen.push(...page.items.map(({ itemId, warehouseId }) => `${warehouseId} ${itemId}`));
      cursor = page.nextCursor ?? undefined;
      // Every row is rewritten, and so moves in the table, between two pages.
      await write(...levels.map((ref) => changed(ref, seen.length + 1)));
      await write(changed(level('0', '0'), seen.length));
    } while (cursor);
    expect(seen).toEqual(inOnePage);
  });

  it('a last page that is full has no next one', async () => {
    await write(changed(pen, 1), changed(level('ink'), 1));
    const page = await list({ limit: 2 });
    expect([page.items.length, page.nextCursor]).toEqual([2, null]);
    expect((await list({ limit: 1 })).nextCursor).not.toBeNull();
  });

  it.each([
    'forged',
    'W10',
    encodeCursor(['main']),
    encodeCursor([1, 2]),
    encodeCursor(['main', 'pen', 'more']),
    encodeCursor(['main', 'pen\u0000']),
    encodeCursor(['main', 'x'.repeat(5_000)]),
    Buffer.from('{"0":"main","1":"pen"}').toString('base64url'),
  ])('refuses the cursor %p, which it did not give out', async (cursor) => {
    await write(changed(pen, 1));
    await expect(list({ cursor })).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'cursor' }],
    });
  });
});
