import { eventually } from '@tallystream/testing';
import { asLines, storedLevels } from './levels';
import { type Run, runOf, secondsOf } from './runs';
import { openStores, type Stores } from './stores';
import { invoiceBody, type System, startSystem } from './system';

const ITEMS = 2_218;
const LEVELS = 3 * (ITEMS - Math.floor(ITEMS / 25));
const MOST_CALLS = 40;
const LONGEST_SECONDS = 60;

describe(`a full sync of ${ITEMS.toLocaleString('en')} items in 3 warehouses, within Zoho's limits`, () => {
  let system: System;
  let stores: Stores;
  beforeAll(async () => {
    // The minute's 100 calls, the day's 2,000 and 10 at once, on both sides; one after the other, as npm start has it.
    system = await startSystem({
      simulator: { SIMULATOR_ITEMS: String(ITEMS), SIMULATOR_LIMITS: 'zoho' },
      env: { ZOHO_OBSERVE_DELAY_MS: '1000' },
    });
    stores = await openStores(system);
  }, 90_000);
  afterAll(async () => {
    await stores?.close();
    await system?.stop();
  });

  it(`at the first start: ${MOST_CALLS} calls and ${LONGEST_SECONDS} seconds at most, every level true`, async () => {
    const opening = await runOf(system, 'opening');
    const { total, tokenRequests, endpoints } = await system.zoho.calls();
    expect(opening).toMatchObject({
      status: 'completed',
      apiCalls: total,
      stats: { processed: ITEMS, failed: 0, levels: LEVELS },
    });
    expect(total).toBeLessThanOrEqual(MOST_CALLS);
    expect(secondsOf(opening)).toBeLessThanOrEqual(LONGEST_SECONDS);
    expect(tokenRequests).toBe(1);
    for (const { statuses } of Object.values(endpoints)) expect(Object.keys(statuses)).toEqual(['200']);

    const truth = await system.zoho.truth();
    expect(truth).toHaveLength(LEVELS);
    await eventually(async () => expect(asLines(await storedLevels(stores))).toEqual(asLines(truth)), 20_000);
  });

  it('refused with code 44 in the middle: pauses for as long as Zoho says, and completes', async () => {
    const PAUSE_SECONDS = 3;
    await system.zoho.countFromNow();
    const { usedInMinute } = await system.zoho.get<{ usedInMinute: number }>('limits');
    await system.zoho.post('limits', {
      perMinute: usedInMinute + 15,
      blockSeconds: PAUSE_SECONDS,
      retryAfter: true,
    });
    const running = system.ask<{ success: boolean; run: Run }>('/api/zoho/sync/full', { method: 'POST' });
    await eventually(async () => {
      const { newest } = await system.zoho.calls();
      expect(newest.at(-1)).toMatchObject({ status: 429 });
    }, 20_000);
    // Webhooks do not notice.
    expect((await system.post(invoiceBody(1, { id: '501' }))).status).toBe(202);
    await system.zoho.post('limits', { perMinute: 100 });

    const { status, body } = await running;
    expect([status, body.success, body.run.stats.processed]).toEqual([200, true, ITEMS]);
    const { newest } = await system.zoho.calls();
    const refused = newest.filter((call) => call.status === 429);
    expect(refused).toHaveLength(1);
    const [refusal] = refused;
    const next = newest[newest.findIndex((call) => call.status === 429) + 1];
    expect((next?.at ?? 0) - (refusal?.at ?? 0)).toBeGreaterThanOrEqual(PAUSE_SECONDS * 1_000);
    // What was refused was asked for again, and nothing else was.
    expect(body.run.apiCalls).toBe((await runOf(system, 'opening')).apiCalls + 1);
  });
});
