import { eventually } from '@tallystream/testing';
import { askForRun, ended, type Run } from './runs';
import { itemAt } from './simulator';
import { openStores, type Stores } from './stores';
import { type System, startSystem } from './system';
import { type Everything, everythingKept } from './whole-state';

const [SMALL, LARGE, SOLD, RENAMED, GONE] = [1, 2, 3, 4, 5].map(itemAt);

describe('a dry run', () => {
  let system: System;
  let stores: Stores;
  let judged: Run;

  beforeAll(async () => {
    system = await startSystem({
      simulator: { SIMULATOR_ITEMS: '40', SIMULATOR_WEBHOOK_LOSE: '1' },
      env: { ZOHO_OBSERVE_DELAY_MS: '-1', ZOHO_RATE_LIMIT_PER_MINUTE: '100000' },
    });
    stores = await openStores(system);
  }, 90_000);
  afterAll(async () => {
    await stores?.close();
    await system?.stop();
  });

  const run = async (path: string, body: object): Promise<Run> =>
    ended(system, await askForRun(system, path, body));

  /** What is on its way from the ledger has arrived in the other stores. */
  const everythingAtRest = () =>
    eventually(async () => {
      const before = await everythingKept(system, stores);
      expect(await stores.auditCount()).toBe(before.streams.STOCK?.messages);
      expect(await everythingKept(system, stores)).toEqual(before);
      return before;
    });

  it('finds what there is to do', async () => {
    await system.zoho.post(`items/${SMALL}/shift`, { onHand: -2, physicalOnHand: -2 });
    await system.zoho.post(`items/${LARGE}/shift`, { onHand: -300, physicalOnHand: -300 });
    // Its snapshots are what the replay judges.
    judged = await run('/api/reconciliation/runs', { mode: 'full' });
    expect(judged.stats).toMatchObject({ corrected: 1, held: 1 });
    await system.zoho.post(`items/${SMALL}/shift`, { onHand: 300, physicalOnHand: -1 });
    await system.zoho.post('invoices', { itemId: SOLD, quantity: 3 });
    await system.zoho.post(`items/${RENAMED}`, { name: 'Renamed' });
    await system.zoho.post(`items/${GONE}/delete`);
  }, 60_000);

  const dryRuns: readonly (readonly [string, string, () => object])[] = [
    ['a sweep', '/api/reconciliation/runs', () => ({ mode: 'full' })],
    ['a look at some items', '/api/reconciliation/runs', () => ({ mode: 'items', itemIds: [SMALL, GONE] })],
    ['a replay', '/api/reconciliation/replay', () => ({ runId: judged.id })],
  ];

  it.each(dryRuns)(
    'leaves all as it is but the record of the run itself: %s',
    async (_what, path, body) => {
      const before = await everythingAtRest();
      const dry = await run(path, { ...body(), dryRun: true });
      expect(dry.status).toBe('completed');
      expect(withoutRecordOf(dry, await everythingKept(system, stores))).toEqual(
        withoutRecordOf(dry, before),
      );
    },
    60_000,
  );

  it('would do what a real run then does', async () => {
    const dry = await run('/api/reconciliation/runs', { mode: 'items', itemIds: [SMALL], dryRun: true });
    const before = await everythingAtRest();
    const real = await run('/api/reconciliation/runs', { mode: 'items', itemIds: [SMALL] });
    expect(real.stats).toEqual(dry.stats);
    const after = await everythingAtRest();
    expect(after.streams.STOCK).not.toEqual(before.streams.STOCK);
    expect(after.streams.ZOHO_SNAPSHOTS).not.toEqual(before.streams.ZOHO_SNAPSHOTS);
    expect(after.tables.balances).not.toBe(before.tables.balances);
    expect(after.stock).not.toEqual(before.stock);
  }, 60_000);
});

/** How far a run is, and who has the claim on its kind, is kept of dry runs too: see docs/drift.md. */
const withoutRecordOf = ({ id, kind }: Run, { runs, ...others }: Everything): Everything => ({
  ...others,
  runs: runs.filter(({ subject }) => !subject.endsWith(`.run.${id}`) && !subject.endsWith(`.claim.${kind}`)),
});
