import { eventually } from '@tallystream/testing';
import { ledgerEvents, movesIn } from './ledger-events';
import { askForRun, ended, type Run } from './runs';
import { itemAt } from './simulator';
import { openStores, type Stores } from './stores';
import { SALES_WAREHOUSE, type System, startSystem } from './system';

type Stock = Readonly<{ stock: number | null; disputed?: Readonly<{ zoho: number }> }>;
type Drift = Readonly<{
  driftId: string;
  itemId: string;
  status: string;
  difference: Record<string, number>;
  evidence?: Record<string, unknown>;
  resolved?: Readonly<{ actor: string }>;
}>;
type Booked = Readonly<{ document: Readonly<{ invoice: Readonly<{ invoice_id: string }> }> }>;
type AuditRow = Readonly<{
  type: string;
  reason?: string;
  delta?: Record<string, number>;
  document?: Readonly<{ type: string; id: string }>;
  cause: Readonly<{ kind: string }>;
}>;

const idOf = ({ document }: Booked): string => document.invoice.invoice_id;

const SPOILINGS = ['no_locations', 'missing_location', 'unreadable_numbers'] as const;

describe('what differs from Zoho with nothing on its way', () => {
  let system: System;
  let stores: Stores;

  beforeAll(async () => {
    system = await startSystem({
      simulator: { SIMULATOR_ITEMS: '40' },
      env: { DRIFT_CONFIRM_MINUTES: '0', ZOHO_OBSERVE_DELAY_MS: '-1', ZOHO_RATE_LIMIT_PER_MINUTE: '100000' },
    });
    stores = await openStores(system);
  }, 90_000);
  afterAll(async () => {
    await stores?.close();
    await system?.stop();
  });

  const sweep = async (body?: object): Promise<Run> =>
    ended(system, await askForRun(system, '/api/reconciliation/runs', body ?? { mode: 'full' }));
  const stock = (item: string) => system.get<Stock>(`/api/stock/${item}`);
  const shows = (item: string, expected: Stock) =>
    eventually(async () => expect(await stock(item)).toMatchObject(expected));
  const stockOf = async (item: string): Promise<number> => {
    const { stock: number } = await stock(item);
    if (number === null) throw new Error(`the stock of ${item} is not known`);
    return number;
  };
  const shift = (item: string, by: number) =>
    system.zoho.post(`items/${item}/shift`, { onHand: by, physicalOnHand: by });
  const openDrifts = (item: string) =>
    eventually(async () => {
      const { items } = await system.get<{ items: readonly Drift[] }>(
        `/api/reconciliation/drift?status=open&item=${item}`,
      );
      if (items.length === 0) throw new Error(`no open drift of ${item}`);
      return items;
    });
  const decide = (id: string, how: 'approve' | 'reject', body: object = { note: 'counted' }) =>
    system.ask(`/api/reconciliation/drift/${id}/${how}`, { method: 'POST', body });
  /** Posts the newest webhook of an invoice, and waits until it is handled. */
  const resend = async (booked: Booked): Promise<void> => {
    const { webhooks } = await system.zoho.post<{ webhooks: readonly unknown[] }>(
      `documents/invoice/${idOf(booked)}/resend`,
    );
    expect(webhooks).toMatchObject([{ outcome: 'accepted' }]);
    await eventually(async () => {
      const { queue } = await system.get<{ queue: Record<string, number> }>('/api/zoho/sync/stats');
      expect(queue).toMatchObject({ pending: 0, processing: 0 });
    });
  };
  /** In the ledger, where all is that a webhook or a sweep brought as soon as it is done. */
  const movesOf = async (item: string) =>
    movesIn(await ledgerEvents(system)).filter(({ itemId }) => itemId === item);
  const newestOf = async (item: string): Promise<AuditRow | undefined> => {
    const { items } = await system.get<{ items: readonly AuditRow[] }>(
      `/api/audit/events?item=${item}&warehouse=${SALES_WAREHOUSE}&limit=5`,
    );
    // What became of a drift stands beside what it moved.
    return items.find(({ type }) => type === 'StockChanged');
  };

  it.each([3, 300])(
    'an invoice for %i pieces whose webhook was lost is found, as the sale it is',
    async (pieces) => {
      const item = itemAt(pieces === 3 ? 1 : 2);
      const before = await stockOf(item);
      await system.zoho.post('delivery', { lose: 1 });
      const booked = await system.zoho.post<Booked>('invoices', { itemId: item, quantity: pieces });
      await system.zoho.post('delivery', { lose: 0 });
      await sweep();
      await shows(item, { stock: before - pieces });
      await eventually(async () =>
        expect(await newestOf(item)).toMatchObject({
          reason: 'sale',
          delta: { onHand: -pieces },
          document: { type: 'invoice', id: idOf(booked) },
          cause: { kind: 'sync' },
        }),
      );
    },
    60_000,
  );

  it('the late webhook of a document that a sweep has brought changes nothing', async () => {
    const item = itemAt(3);
    await system.zoho.post('delivery', { lose: 1 });
    const booked = await system.zoho.post<Booked>('invoices', { itemId: item, quantity: 2 });
    await system.zoho.post('delivery', { lose: 0 });
    await sweep();
    await eventually(async () => expect(await newestOf(item)).toMatchObject({ delta: { onHand: -2 } }));
    const before = await movesOf(item);
    await resend(booked);
    expect(await movesOf(item)).toEqual(before);
  }, 60_000);

  it('nor does that of a deletion, which no list shows, when a sweep has set the level right', async () => {
    const item = itemAt(12);
    const booked = await system.zoho.post<Booked>('invoices', { itemId: item, quantity: 2 });
    await eventually(async () =>
      expect(await newestOf(item)).toMatchObject({ delta: { onHand: -2 }, cause: { kind: 'webhook' } }),
    );
    await system.zoho.post('delivery', { lose: 1 });
    await system.zoho.book('invoice.delete', { id: idOf(booked) });
    await system.zoho.post('delivery', { lose: 0 });
    // Within two seconds of the sale nobody can say which of the two Zoho had seen.
    await eventually(async () => {
      await sweep();
      expect(await newestOf(item)).toMatchObject({ reason: 'reconciliation', delta: { onHand: 2 } });
    }, 20_000);
    const before = await movesOf(item);
    await resend(booked);
    expect(await movesOf(item)).toEqual(before);
  }, 60_000);

  it('3 pieces without a document are set right at once', async () => {
    const item = itemAt(4);
    const before = await stockOf(item);
    await shift(item, -3);
    expect((await sweep()).stats).toMatchObject({ corrected: 1, held: 0 });
    await shows(item, { stock: before - 3 });
    await eventually(async () =>
      expect(await newestOf(item)).toMatchObject({ reason: 'reconciliation', delta: { onHand: -3 } }),
    );
  }, 60_000);

  it('300 pieces are held, shown, sold from the lower number, and confirmed by the second sweep', async () => {
    const item = itemAt(5);
    const before = await stockOf(item);
    await shift(item, -300);
    const found = await sweep();
    expect(found.stats).toMatchObject({ corrected: 0, held: 1 });
    await shows(item, { stock: before - 300, disputed: { zoho: before - 300 } });
    const open = (await openDrifts(item)).find(({ difference }) => difference.onHand !== undefined);
    const drift = () => system.get<Drift>(`/api/reconciliation/drift/${open?.driftId}`);
    const moves = (await movesOf(item)).filter(({ warehouseId }) => warehouseId === SALES_WAREHOUSE);
    expect((await drift()).evidence).toMatchObject({
      runId: found.id,
      lookedUp: [],
      ledger: { onHand: before },
      zoho: { onHand: before - 300 },
      difference: { onHand: -300 },
      lastEvents: moves.slice(-6, -1).map(({ revision, reason }) => ({ revision, reason })),
    });
    // Zoho's clock has seconds, and the second sweep is to be later.
    const later = Math.floor(Date.now() / 1_000) * 1_000 + 1_000;
    await eventually(() => expect(Date.now()).toBeGreaterThan(later));
    expect((await sweep()).stats).toMatchObject({ corrected: 1, held: 0 });
    await eventually(async () => expect(await stock(item)).not.toHaveProperty('disputed'));
    await shows(item, { stock: before - 300 });
    await eventually(async () => expect(await drift()).toMatchObject({ status: 'confirmed' }));
  }, 60_000);

  it('is decided once: of two approvals at the same moment one holds', async () => {
    const item = itemAt(6);
    const before = await stockOf(item);
    await shift(item, 300);
    await sweep({ mode: 'items', itemIds: [item] });
    await shows(item, { stock: before, disputed: { zoho: before + 300 } });
    const drifts = await openDrifts(item);
    for (const { driftId: id } of drifts) {
      const answers = await Promise.all([decide(id, 'approve'), decide(id, 'approve')]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    }
    await shows(item, { stock: before + 300 });
    expect((await decide('no-such-drift', 'approve')).status).toBe(404);
  }, 60_000);

  it('is kept as it is when somebody rejects it, and not asked about again', async () => {
    const item = itemAt(7);
    const before = await stockOf(item);
    await shift(item, 300);
    await sweep({ mode: 'items', itemIds: [item] });
    for (const { driftId: id } of await openDrifts(item))
      expect((await decide(id, 'reject')).status).toBe(200);
    await shows(item, { stock: before });
    expect((await sweep({ mode: 'items', itemIds: [item] })).stats).toMatchObject({ held: 0, corrected: 0 });
    await shows(item, { stock: before });
  }, 60_000);

  it('a rejected drift is over when Zoho comes over to our number', async () => {
    const item = itemAt(10);
    const before = await stockOf(item);
    const look = () => sweep({ mode: 'items', itemIds: [item] });
    await shift(item, 300);
    await look();
    for (const { driftId: id } of await openDrifts(item))
      expect((await decide(id, 'reject')).status).toBe(200);
    await shift(item, -300);
    // Zoho's clock has seconds: what it says within the same one is not newer.
    await eventually(async () => expect((await look()).stats).toMatchObject({ held: 0, equal: 3 }));
    await shows(item, { stock: before });
    await shift(item, 300);
    await eventually(async () => expect((await look()).stats).toMatchObject({ held: 1 }));
  }, 60_000);

  it('is judged once more by its snapshots, of which a run must have some', async () => {
    const item = itemAt(11);
    await shift(item, -300);
    const { id: runId } = await sweep({ mode: 'items', itemIds: [item] });
    const replay = async () =>
      ended(system, await askForRun(system, '/api/reconciliation/replay', { runId, dryRun: true }));
    const [first, second] = [await replay(), await replay()];
    expect(first.stats).toMatchObject({ levels: 3, held: 1, equal: 2 });
    expect(first).toMatchObject({ apiCalls: 0, verdictsDigest: expect.any(String) });
    expect(second).toMatchObject({
      stats: first.stats,
      verdictsDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const unknown = await system.ask('/api/reconciliation/replay', {
      method: 'POST',
      body: { runId: 'no-such-run', dryRun: true },
    });
    expect(unknown).toMatchObject({ status: 404, body: { code: 'not_found' } });
  }, 60_000);

  it.each(SPOILINGS)(
    'is never taken for 0 where Zoho tells badly, and told of in the run: %s',
    async (how) => {
      const item = await inStockEverywhere(system);
      const before = await movesOf(item);
      expect(before).not.toEqual([]);
      await system.zoho.post(`items/${item}/spoil`, { how });
      const { stats } = await sweep({ mode: 'items', itemIds: [item] });
      await system.zoho.post(`items/${item}/spoil`, { how: 'not' });
      expect(stats).toMatchObject({ processed: 1, successful: 0, failed: 1 });
      expect(await movesOf(item)).toEqual(before);
    },
    60_000,
  );
});

describe('what Zoho tells badly from the first', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({
      simulator: { SIMULATOR_ITEMS: '40' },
      // Nobody looks at anything before it is asked for.
      env: { ZOHO_SYNC_ENABLED: 'false', ZOHO_RATE_LIMIT_PER_MINUTE: '100000' },
      unopened: true,
    });
  }, 60_000);
  afterAll(() => system?.stop());

  it.each(SPOILINGS)(
    'is unknown, and not 0: %s',
    async (how) => {
      const item = await inStockEverywhere(system, SPOILINGS.indexOf(how));
      await system.zoho.post(`items/${item}/spoil`, { how });
      await ended(
        system,
        await askForRun(system, '/api/reconciliation/runs', { mode: 'items', itemIds: [item] }),
      );
      const levels = movesIn(await ledgerEvents(system)).filter(({ itemId }) => itemId === item);
      // A location that is missing says nothing of the others.
      expect(levels.length).toBe(how === 'missing_location' ? 2 : 0);
      expect(levels.filter(({ after }) => after.onHand === 0)).toEqual([]);
      const known = levels.some(({ warehouseId }) => warehouseId === SALES_WAREHOUSE);
      await eventually(async () =>
        expect(await system.get(`/api/stock/${item}`)).toMatchObject(
          known ? { stock: expect.any(Number) } : { stock: null, source: 'unavailable' },
        ),
      );
    },
    60_000,
  );
});

const inStockEverywhere = async ({ zoho }: System, index = 0): Promise<string> => {
  const levels = await zoho.truth();
  const isOut = new Set(levels.flatMap(({ itemId, onHand }) => (onHand === 0 ? [itemId] : [])));
  const items = [...new Set(levels.map(({ itemId }) => itemId))].filter((itemId) => !isOut.has(itemId));
  return items[index] ?? '';
};
