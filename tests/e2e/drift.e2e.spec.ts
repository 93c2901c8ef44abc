import { eventually } from '@tallystream/testing';
import { askForRun, ended, type Run } from './runs';
import { itemAt, type TrueLevel } from './simulator';
import { openStores, type Stores } from './stores';
import { SALES_WAREHOUSE, type System, startSystem } from './system';

type Stock = Readonly<{ stock: number | null; disputed?: Readonly<{ zoho: number }> }>;
type Drift = Readonly<{
  driftId: string;
  itemId: string;
  status: string;
  difference: Record<string, number>;
}>;
type Booked = Readonly<{ document: Readonly<{ invoice: Readonly<{ invoice_id: string }> }> }>;
type AuditRow = Readonly<{
  type: string;
  reason?: string;
  delta?: Record<string, number>;
  document?: Readonly<{ type: string; id: string }>;
  cause: Readonly<{ kind: string }>;
}>;

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
  const newestOf = async (item: string): Promise<AuditRow | undefined> => {
    const { items } = await system.get<{ items: readonly AuditRow[] }>(
      `/api/audit/events?item=${item}&warehouse=${SALES_WAREHOUSE}&limit=1`,
    );
    return items[0];
  };

  it.each([3, 300])(
    'an invoice for %i pieces whose webhook was lost is found, as the sale it is',
    async (pieces) => {
      const item = itemAt(pieces === 3 ? 1 : 2);
      const before = await stockOf(item);
      await system.zoho.post('delivery', { lose: 1 });
      await system.zoho.post('invoices', { itemId: item, quantity: pieces });
      await system.zoho.post('delivery', { lose: 0 });
      await sweep();
      await shows(item, { stock: before - pieces });
      await eventually(async () =>
        expect(await newestOf(item)).toMatchObject({
          reason: 'sale',
          delta: { onHand: -pieces },
          document: { type: 'invoice' },
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
    const before = { stock: await stockOf(item), rows: await stores.auditCount() };
    const { webhooks } = await system.zoho.post<{ webhooks: readonly unknown[] }>(
      `documents/invoice/${booked.document.invoice.invoice_id}/resend`,
    );
    expect(webhooks).toMatchObject([{ outcome: 'accepted' }]);
    await eventually(async () => {
      const { queue } = await system.get<{ queue: Record<string, number> }>('/api/zoho/sync/stats');
      expect(queue).toMatchObject({ pending: 0, processing: 0 });
    });
    expect({ stock: await stockOf(item), rows: await stores.auditCount() }).toEqual(before);
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
    expect((await sweep()).stats).toMatchObject({ corrected: 0, held: 1 });
    await shows(item, { stock: before - 300, disputed: { zoho: before - 300 } });
    const [drift] = await openDrifts(item);
    const shown = await system.get<{ evidence: Record<string, unknown> }>(
      `/api/reconciliation/drift/${drift?.driftId}`,
    );
    expect(shown.evidence).toMatchObject({ lookedUp: [], ledger: { onHand: expect.any(Number) } });
    // Zoho's clock has seconds: later is at least one of them.
    await eventually(async () => expect((await sweep()).stats).toMatchObject({ corrected: 1, held: 0 }));
    await eventually(async () => expect(await stock(item)).not.toHaveProperty('disputed'));
    await shows(item, { stock: before - 300 });
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

  it.each(['no_locations', 'missing_location', 'unreadable_numbers'])(
    'is never taken for 0 where Zoho tells badly: %s',
    async (how) => {
      const item = itemAt(8);
      const before = await stockOf(item);
      await system.zoho.post(`items/${item}/spoil`, { how });
      await sweep({ mode: 'items', itemIds: [item] });
      await system.zoho.post(`items/${item}/spoil`, { how: 'not' });
      expect(await stockOf(item)).toBe(before);
    },
    60_000,
  );

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

  it.each(['no_locations', 'missing_location', 'unreadable_numbers'])(
    'is told of in the run where Zoho tells badly: %s',
    async (how) => {
      const levels = await system.zoho.truth();
      const inStock = ({ itemId }: TrueLevel) =>
        levels.filter((other) => other.itemId === itemId).every(({ onHand }) => onHand !== 0);
      const item = levels.find(inStock)?.itemId ?? '';
      await system.zoho.post(`items/${item}/spoil`, { how });
      const { stats } = await sweep({ mode: 'items', itemIds: [item] });
      await system.zoho.post(`items/${item}/spoil`, { how: 'not' });
      expect(stats).toMatchObject({ processed: 1, successful: 0, failed: 1 });
    },
    60_000,
  );
});
