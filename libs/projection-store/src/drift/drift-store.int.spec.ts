import {
  type DriftDetected,
  type DriftId,
  type DriftResolved,
  driftIdSchema,
  instantFrom,
  itemIdSchema,
  runIdSchema,
  streamSeq,
  warehouseIdSchema,
  zero,
} from '@tallystream/contracts';
import { freshNaming, testServers } from '@tallystream/testing';
import { writeCatalogue } from '../catalogue/catalogue-store';
import { encodeCursor } from '../cursor';
import type { Database } from '../database';
import { driftDatabase } from './drift-database';
import { countOpenDrifts, type DriftFilter, findDrift, listDrifts } from './drift-queries';
import { type RecordedDriftEvent, writeDrifts } from './drift-store';

jest.setTimeout(60_000);

const at = (seconds: number) => instantFrom(Date.UTC(2026, 0, 7) + seconds * 1000);
const id = (text: string): DriftId => driftIdSchema.parse(text);
const pen = itemIdSchema.parse('pen');
const main = warehouseIdSchema.parse('main');
const sweep = { kind: 'sync', id: 'run-1', actor: 'reconciler' } as const;

const detected = (seq: number, rest: Partial<DriftDetected> = {}): RecordedDriftEvent => ({
  seq: streamSeq(seq),
  event: {
    type: 'DriftDetected',
    data: {
      driftId: id('d-1'),
      itemId: pen,
      warehouseId: main,
      side: 'accounting',
      verdict: 'held',
      difference: { onHand: 40.000001 },
      zoho: { ...zero, onHand: 160.000001 },
      ledger: { ...zero, onHand: 120 },
      revision: 42,
      asOf: at(seq),
      runId: runIdSchema.parse('run-1'),
      lookedUp: ['bill:17'],
      lastEvents: [
        { revision: 42, reason: 'sale', delta: { onHand: -2.5 }, cause: sweep, occurredAt: at(seq - 1) },
      ],
      cause: sweep,
      occurredAt: at(seq),
      ...rest,
    },
  },
});
const resolved = (seq: number, rest: Partial<DriftResolved> = {}): RecordedDriftEvent => ({
  seq: streamSeq(seq),
  event: {
    type: 'DriftResolved',
    data: {
      driftId: id('d-1'),
      itemId: pen,
      warehouseId: main,
      side: 'accounting',
      resolution: 'approved',
      note: 'عدّ المستودع: "160"\nقطعة',
      asOf: at(seq - 1),
      cause: { kind: 'drift', id: 'd-1', actor: 'layla' },
      occurredAt: at(seq),
      ...rest,
    },
  },
});

const permutations = <T>(all: readonly T[]): readonly (readonly T[])[] =>
  all.length === 0
    ? [[]]
    : all.flatMap((one, index) => permutations(all.toSpliced(index, 1)).map((rest) => [one, ...rest]));

describe('drifts in Postgres', () => {
  const { schema } = freshNaming();
  let database: Database;

  beforeAll(() => {
    database = driftDatabase({ url: testServers().databaseUrl, schema });
  });
  beforeEach(() => database.query('TRUNCATE drifts, items, warehouses'));
  afterAll(async () => {
    await database.query(`DROP SCHEMA "${schema}" CASCADE`);
    await database.onApplicationShutdown();
  });

  const write = (...events: readonly RecordedDriftEvent[]) =>
    database.transaction((manager) => writeDrifts(manager, events));
  const list = (filter: Partial<DriftFilter> = {}) => listDrifts(database, { limit: 100, ...filter });
  const ids = async (filter: Partial<DriftFilter>) =>
    (await list(filter)).items.map(({ driftId }) => driftId);
  const rows = () => database.query('SELECT * FROM drifts ORDER BY drift_id');

  const open = {
    driftId: 'd-1',
    itemId: 'pen',
    warehouseId: 'main',
    side: 'accounting',
    verdict: 'held',
    status: 'open',
    difference: { onHand: 40.000001 },
    detectedAt: at(10),
    seq: 10,
  };

  it('an open one is shown with its evidence, whole', async () => {
    const found = detected(10);
    await write(found);
    expect((await list()).items).toEqual([open]);
    expect(await findDrift(database, id('d-1'))).toEqual({ ...open, evidence: found.event.data });
    expect(await findDrift(database, id('d-2'))).toBeUndefined();
  });

  it('a decided one says by whom, when, why, and what the level was set to', async () => {
    await write(detected(10), resolved(12));
    expect((await list()).items).toEqual([
      {
        ...open,
        status: 'approved',
        resolved: { at: at(12), actor: 'layla', note: 'عدّ المستودع: "160"\nقطعة', asOf: at(11), seq: 12 },
      },
    ]);
  });

  it('one that was set right at once was never open', async () => {
    await write(detected(10, { verdict: 'corrected' }));
    expect(await ids({ status: 'open' })).toEqual([]);
    await write(resolved(11, { resolution: 'corrected' }));
    expect((await list({ status: 'corrected' })).items).toMatchObject([{ resolved: { seq: 11 } }]);
  });

  it('names it by the catalogue, once it has the item and the warehouse', async () => {
    await write(detected(10));
    const event = { cause: sweep, occurredAt: at(0) };
    await database.transaction((manager) =>
      writeCatalogue(manager, [
        {
          seq: streamSeq(1),
          event: {
            type: 'ItemCatalogued',
            data: {
              itemId: pen,
              name: 'Pen',
              arabicName: 'قلم',
              sku: 'P-1',
              status: 'active',
              tracksStock: true,
              ...event,
            },
          },
        },
        {
          seq: streamSeq(2),
          event: {
            type: 'WarehouseCatalogued',
            data: { warehouseId: main, name: 'Main', status: 'active', isPrimary: true, ...event },
          },
        },
      ]),
    );
    const named = { ...open, itemName: 'Pen', arabicName: 'قلم', sku: 'P-1', warehouseName: 'Main' };
    expect((await list()).items).toEqual([named]);
    await write(detected(20, { sku: 'P-2' }));
    expect((await list()).items).toMatchObject([{ sku: 'P-2' }]);
  });

  it.each([
    ['found and decided', [detected(10), resolved(12)], { status: 'approved', resolved: { seq: 12 } }],
    [
      'found again after it had vanished',
      [detected(10), resolved(12, { resolution: 'vanished' }), detected(14, { difference: { onHand: 7 } })],
      { status: 'open', seq: 14, difference: { onHand: 7 } },
    ],
    [
      'found again and rejected',
      [
        detected(10),
        resolved(12, { resolution: 'vanished' }),
        detected(14),
        resolved(16, { resolution: 'rejected' }),
      ],
      { status: 'rejected', seq: 14, resolved: { seq: 16 } },
    ],
  ])('%s: the same in any order, in any batches, and again', async (_story, events, shown) => {
    await write(...events);
    const expected = await rows();
    expect((await list()).items).toMatchObject([shown]);
    expect((await list()).items[0]?.resolved === undefined).toBe(shown.status === 'open');
    for (const order of permutations(events)) {
      await database.query('TRUNCATE drifts');
      for (const event of order) await write(event);
      expect(await rows()).toEqual(expected);
      await write(...order);
      await write(...order.slice(1));
      expect(await rows()).toEqual(expected);
      await database.query('TRUNCATE drifts');
      await write(...order);
      expect(await rows()).toEqual(expected);
    }
  });

  it('one whose end came first is not shown until it is known what it is', async () => {
    await write(resolved(12));
    expect([await ids({}), await findDrift(database, id('d-1'))]).toEqual([[], undefined]);
    await write(detected(10));
    expect(await ids({ status: 'approved' })).toEqual(['d-1']);
  });

  it('filters by status, item, warehouse and time, and by several at once', async () => {
    const shop = warehouseIdSchema.parse('shop');
    const ink = itemIdSchema.parse('ink');
    await write(
      detected(10, { driftId: id('a') }),
      detected(20, { driftId: id('b'), itemId: ink, side: 'physical' }),
      detected(30, { driftId: id('c'), warehouseId: shop }),
      resolved(40, { driftId: id('c'), resolution: 'confirmed' }),
      detected(50, { driftId: id('d'), itemId: ink, warehouseId: shop }),
    );
    expect(await ids({})).toEqual(['d', 'c', 'b', 'a']);
    expect(await ids({ status: 'open' })).toEqual(['d', 'b', 'a']);
    expect(await ids({ status: 'confirmed' })).toEqual(['c']);
    expect(await ids({ item: ink })).toEqual(['d', 'b']);
    expect(await ids({ warehouse: shop })).toEqual(['d', 'c']);
    expect(await ids({ from: at(20), to: at(50) })).toEqual(['c', 'b']);
    expect(await ids({ item: ink, warehouse: shop, status: 'open', from: at(50) })).toEqual(['d']);
    expect(await countOpenDrifts(database)).toEqual({ accounting: 2, physical: 1 });
  });

  it('counts none when none is open', async () => {
    await write(detected(10), resolved(12));
    expect(await countOpenDrifts(database)).toEqual({ accounting: 0, physical: 0 });
  });

  it('pages show every drift once, newest first, while some are decided and others found', async () => {
    const all = Array.from({ length: 20 }, (_, n) => n + 1);
    await write(...all.map((n) => detected(n, { driftId: id(`d-${n}`), asOf: at(0), occurredAt: at(0) })));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await list({ limit: 3, ...(cursor ? { cursor } : {}) });
      expect(page.items.length).toBeLessThanOrEqual(3);
      seen.push(...page.items.map(({ driftId }) => driftId));
      cursor = page.nextCursor ?? undefined;
      const next = 100 + seen.length;
      await write(...all.map((n) => resolved(next * 100 + n, { driftId: id(`d-${n}`) })));
      await write(detected(next, { driftId: id(`late-${next}`) }));
    } while (cursor);
    expect(seen).toEqual(all.map((n) => `d-${n}`).reverse());
  });

  it('a last page that is full has no next one', async () => {
    await write(detected(1, { driftId: id('a') }), detected(2, { driftId: id('b') }));
    expect((await list({ limit: 2 })).nextCursor).toBeNull();
    expect((await list({ limit: 1 })).nextCursor).not.toBeNull();
  });

  it.each(['forged', 'W10', encodeCursor(['1']), encodeCursor([1, 2]), encodeCursor([1.5]), 'WzFlOTk5XQ'])(
    'refuses the cursor %p, which it did not give out',
    async (cursor) => {
      await expect(list({ cursor })).rejects.toMatchObject({
        code: 'invalid_request',
        errors: [{ path: 'cursor' }],
      });
    },
  );
});
