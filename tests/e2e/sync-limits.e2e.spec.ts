import { eventually } from '@tallystream/testing';
import { snapshotsOf } from './levels';
import { askForRun, ended } from './runs';
import { trackedItems } from './simulator';
import { invoiceBody, SALES_WAREHOUSE, type System, startSystem } from './system';

const BATCH = 100;
const FURTHER_CALLS = 8;

describe('where Zoho refuses', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({
      simulator: { SIMULATOR_ITEMS: '200' },
      env: { ZOHO_OBSERVE_DELAY_MS: '3000' },
    });
  }, 60_000);
  afterAll(() => system?.stop());

  it(`a dead id among ${BATCH} costs ${FURTHER_CALLS} further calls at most, and the others are proven`, async () => {
    const items = trackedItems(BATCH);
    const dead = items[37] ?? '';
    await system.zoho.countFromNow();
    const began = Date.now();
    await system.zoho.book('invoice.create', {
      contact: 0,
      branchId: SALES_WAREHOUSE,
      naming: 'line_warehouse',
      status: 'sent',
      lines: items.map((itemId) => ({ itemId, warehouseId: SALES_WAREHOUSE, quantity: 1 })),
    });
    await system.zoho.post(`items/${dead}/delete`);

    await eventually(async () => {
      const fresh = (await snapshotsOf(system)).filter(({ storedAt }) => storedAt > began);
      expect(new Set(fresh.map(({ itemId }) => itemId))).toEqual(
        new Set(items.filter((itemId) => itemId !== dead)),
      );
    }, 20_000);
    const { endpoints } = await system.zoho.calls();
    expect(endpoints.itemdetails?.statuses['404']).toBeGreaterThan(0);
    expect(endpoints.itemdetails?.calls).toBeLessThanOrEqual(1 + FURTHER_CALLS);
  });

  it('code 45 ends the run with a clear result, and webhooks go on', async () => {
    const DAY = 2_000;
    await system.zoho.post('limits', { perDay: DAY, usedToday: DAY - 2 });
    const run = await ended(system, await askForRun(system, '/api/zoho/sync/full'));
    expect(run).toMatchObject({
      status: 'failed',
      error: { code: 'quota_exhausted', until: expect.stringMatching(/^\d{4}-.+Z$/) },
    });
    expect(Date.parse(run.error?.until ?? '')).toBeGreaterThan(Date.now());

    await system.zoho.countFromNow();
    const answer = await system.ask<Record<string, unknown>>('/api/zoho/sync/full', { method: 'POST' });
    expect(answer).toMatchObject({ status: 200, body: { success: false, stats: { total_processed: 0 } } });
    expect(answer.body.error).toContain('until');
    // We know that the day is used up: nobody asks Zoho again.
    expect((await system.zoho.calls()).total).toBe(0);

    const webhook = await system.post(invoiceBody(1, { id: '777' }));
    expect(webhook.status).toBe(202);
    await eventually(async () => {
      const entry = await system.get<{ status: string }>(`/api/debug/webhook-log/${webhook.body.id}`);
      expect(entry.status).toBe('applied');
    });
    const health = await system.health();
    expect(health).toMatchObject({
      isReady: true,
      parts: { ingress: { status: 'up' }, reconciler: { status: 'degraded' } },
    });
    expect(health.parts.reconciler?.detail).toContain('quota_exhausted');
    const connection = await system.get('/api/zoho/test-connection');
    expect(connection).toMatchObject({ status: 'quota_exhausted', quota: { day: { remaining: 0 } } });
  });
});
