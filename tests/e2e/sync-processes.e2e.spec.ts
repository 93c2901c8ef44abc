import { eventually } from '@tallystream/testing';
import type { Api } from './api';
import { snapshotsOf } from './levels';
import { askForRun, ended, runOf } from './runs';
import { type Call, trackedItems } from './simulator';
import { ITEM, invoiceBody, type Replica, SALES_WAREHOUSE, type System, startSystem } from './system';

const PER_PAGE = 200;
const PAGES = 3;
const ITEMS = PAGES * PER_PAGE;
const TAKEOVER_MS = 10_000;
const BURST = trackedItems(60);

describe('sweeps and observations', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({
      simulator: { SIMULATOR_ITEMS: String(ITEMS) },
      env: { ZOHO_OBSERVE_DELAY_MS: '3000', ZOHO_RATE_LIMIT_PER_MINUTE: '1000' },
    });
  }, 60_000);
  afterAll(() => system?.stop());

  /** Long enough to be cut off in the middle. */
  const slowly = (milliseconds: number) =>
    system.zoho.post('faults', { endpoint: 'itemdetails', kind: 'latency', times: 100, milliseconds });

  it('of a process that is killed go on after its restart, and repeat the page that was in hand', async () => {
    const opening = await runOf(system, 'opening');
    await system.zoho.countFromNow();
    await slowly(200);
    const id = await askForRun(system, '/api/zoho/sync/full');
    await eventually(async () => {
      const { newest } = await system.zoho.calls();
      // The second page was listed, and its details asked for.
      expect(newest.slice(0, -1).map(pageOf)).toContain(2);
    }, 20_000);
    await system.kill('SIGKILL');
    await system.restart();

    const run = await ended(system, id);
    expect(run).toMatchObject({ status: 'completed', resumed: 1, done: ITEMS });
    expect(run.stats).toMatchObject({ levels: opening.stats.levels, failed: 0, levelsChanged: 0 });
    const { newest, endpoints } = await system.zoho.calls();
    expect(newest.flatMap((call) => pageOf(call) ?? [])).toEqual([1, 2, 2, 3]);
    // Of the details, those of that page at most: two calls of a hundred items.
    expect(endpoints.itemdetails?.calls).toBeLessThanOrEqual(2 * PAGES + 2);
    expect(endpoints.locations?.calls).toBe(1);
    await system.zoho.post('faults/reset');
  });

  describe('of two replicas', () => {
    let second: Replica;
    let alone: CallCounts;
    beforeAll(async () => {
      alone = await sweepAndBurst(system);
      second = await system.join();
    }, 60_000);

    type CallCounts = Readonly<{ sweep: number; burst: number }>;

    const sweepAndBurst = async (asked: Api): Promise<CallCounts> => {
      await system.zoho.countFromNow();
      const run = await ended(asked, await askForRun(asked, '/api/zoho/sync/full'));
      expect(run.status).toBe('completed');
      const sweep = (await system.zoho.calls()).total;
      const began = Date.now();
      // One document: all items are asked for at one moment, so that the number of calls is always the same.
      await system.zoho.book('invoice.create', {
        contact: 0,
        branchId: SALES_WAREHOUSE,
        naming: 'line_warehouse',
        status: 'sent',
        lines: BURST.map((itemId) => ({ itemId, warehouseId: SALES_WAREHOUSE, quantity: 1 })),
      });
      await eventually(async () => expect(await observedSince(began)).toEqual(new Set(BURST)));
      return { sweep, burst: (await system.zoho.calls()).total - sweep };
    };

    const observedSince = async (time: number) => {
      const fresh = (await snapshotsOf(system)).filter(({ storedAt }) => storedAt > time);
      return new Set(fresh.map(({ itemId }) => itemId));
    };

    it('take as many calls as those of one', async () => {
      expect(await sweepAndBurst(second)).toEqual(alone);
    });

    it('need one token, also when it has to be a new one', async () => {
      const { tokenRequests } = await system.zoho.get<{ tokenRequests: number }>('accounts');
      expect(tokenRequests).toBe(1);
      await system.zoho.post('accounts/expire');
      const asked = Array.from({ length: 10 }, (_, n) =>
        (n % 2 === 0 ? system : second).get<{ status: string }>('/api/zoho/test-connection'),
      );
      for (const { status } of await Promise.all(asked)) expect(status).toBe('ok');
      expect(await system.zoho.get('accounts')).toMatchObject({ tokenRequests: 2 });
    });

    it('are the same runs, and spend the same budget', async () => {
      expect(await second.get('/api/sync/runs')).toEqual(await system.get('/api/sync/runs'));
      type Quota = Readonly<{ quota: { day: { used: number } } }>;
      const first = await system.get<Quota>('/api/zoho/test-connection');
      const other = await second.get<Quota>('/api/zoho/test-connection');
      expect(other.quota.day.used).toBeGreaterThanOrEqual(first.quota.day.used + 2);
    });

    it(`are those of the other within ${TAKEOVER_MS / 1_000} seconds when the leader is killed`, async () => {
      await system.zoho.countFromNow();
      await slowly(300);
      const id = await askForRun(second, '/api/zoho/sync/full');
      await eventually(async () => expect((await runOf(second, id)).done).toBeGreaterThan(0));
      await system.kill('SIGKILL');
      const killedAt = Date.now();
      await eventually(async () => {
        const { newest } = await system.zoho.calls();
        expect(newest.at(-1)?.at).toBeGreaterThan(killedAt);
      }, TAKEOVER_MS);
      expect(await ended(second, id)).toMatchObject({ status: 'completed', resumed: 1 });

      const postedAt = Date.now();
      expect((await second.post(invoiceBody(1, { id: '4711' }))).status).toBe(202);
      await eventually(async () => expect(await observedSince(postedAt)).toEqual(new Set([ITEM])));
    });
  });
});

/** Of Zoho's list of items; nothing for other calls. */
const pageOf = ({ endpoint, query }: Call): number | undefined =>
  endpoint === 'items' ? Number(new URLSearchParams(query).get('page')) : undefined;
