import { eventually } from '@tallystream/testing';
import { snapshotsOf } from './levels';
import { askForRun, ended, runOf } from './runs';
import { trackedItems } from './simulator';
import { ITEM, invoiceBody, type Replica, SALES_WAREHOUSE, type System, startSystem } from './system';

const TAKEOVER_MS = 10_000;
const BURST = trackedItems(60);

describe('two replicas', () => {
  let system: System;
  let second: Replica;
  let alone: Calls;
  beforeAll(async () => {
    system = await startSystem({
      simulator: { SIMULATOR_ITEMS: '400' },
      env: { ZOHO_OBSERVE_DELAY_MS: '3000' },
    });
    alone = await sweepAndBurst(system);
    second = await system.join();
  }, 120_000);
  afterAll(() => system?.stop());

  type Calls = Readonly<{ sweep: number; burst: number }>;

  const sweepAndBurst = async (asked: Pick<Replica, 'ask' | 'get' | 'url' | 'events'>): Promise<Calls> => {
    await system.zoho.countFromNow();
    const run = await ended(asked, await askForRun(asked, '/api/zoho/sync/full'));
    expect(run.status).toBe('completed');
    const sweep = (await system.zoho.calls()).total;
    const began = Date.now();
    // One document: all items are asked for at the same moment, so that the number of calls is always the same.
    await system.zoho.book('invoice.create', {
      contact: 0,
      branchId: SALES_WAREHOUSE,
      naming: 'line_warehouse',
      status: 'sent',
      lines: BURST.map((itemId) => ({ itemId, warehouseId: SALES_WAREHOUSE, quantity: 1 })),
    });
    await eventually(async () => {
      const fresh = (await snapshotsOf(system)).filter(({ storedAt }) => storedAt > began);
      expect(new Set(fresh.map(({ itemId }) => itemId)).size).toBe(BURST.length);
    });
    return { sweep, burst: (await system.zoho.calls()).total - sweep };
  };

  it('make as many calls as one does for the same sweep and the same burst', async () => {
    expect(await sweepAndBurst(second)).toEqual(alone);
  });

  it('ask for one token, also when it has to be a new one', async () => {
    const tokens = async () => (await system.zoho.get<{ tokenRequests: number }>('accounts')).tokenRequests;
    expect(await tokens()).toBe(1);
    await system.zoho.post('accounts/expire');
    const asked = Array.from({ length: 10 }, (_, n) =>
      (n % 2 === 0 ? system : second).get<{ status: string }>('/api/zoho/test-connection'),
    );
    for (const { status } of await Promise.all(asked)) expect(status).toBe('ok');
    expect(await tokens()).toBe(2);
  });

  it('see the same runs and the same budget', async () => {
    const runs = (replica: Replica | System) => replica.get<{ items: unknown[] }>('/api/sync/runs');
    expect(await runs(second)).toEqual(await runs(system));
    type Quota = Readonly<{ quota: { day: { used: number } } }>;
    const first = await system.get<Quota>('/api/zoho/test-connection');
    const other = await second.get<Quota>('/api/zoho/test-connection');
    expect(other.quota.day.used).toBeGreaterThan(first.quota.day.used);
  });

  it(`when the leader is killed in a sweep, the other goes on with it within ${TAKEOVER_MS / 1_000} seconds`, async () => {
    await system.zoho.countFromNow();
    await system.zoho.post('faults', {
      endpoint: 'itemdetails',
      kind: 'latency',
      times: 100,
      milliseconds: 300,
    });
    const id = await askForRun(second, '/api/zoho/sync/full');
    await eventually(async () => expect((await runOf(second, id)).done).toBeGreaterThan(0));
    await system.kill('SIGKILL');
    const killedAt = Date.now();
    await eventually(async () => {
      const { newest } = await system.zoho.calls();
      expect(newest.at(-1)?.at).toBeGreaterThan(killedAt);
    }, TAKEOVER_MS);
    expect(await ended(second, id)).toMatchObject({ status: 'completed', resumed: 1 });

    expect((await second.post(invoiceBody(1, { id: '4711' }))).status).toBe(202);
    const answeredAt = Date.now();
    await eventually(async () => {
      const fresh = (await snapshotsOf(system)).filter(({ storedAt }) => storedAt > answeredAt);
      expect(fresh.map(({ itemId }) => itemId)).toContain(ITEM);
    });
  });
});
