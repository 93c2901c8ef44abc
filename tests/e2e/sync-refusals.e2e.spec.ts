import { once } from 'node:events';
import { createServer } from 'node:net';
import { eventually } from '@tallystream/testing';
import { ledgerEvents } from './ledger-events';
import { snapshotsOf } from './levels';
import { askForRun, ended } from './runs';
import { trackedItems } from './simulator';
import { invoiceBody, type Replica, SALES_WAREHOUSE, type System, startSystem } from './system';

const BATCH = 100;
const FURTHER_CALLS = 8;

type Connection = Readonly<{ status: string; detail?: string; organization: string | null }>;

/** The same in the answer and in health, and nothing that would keep people from the rest. */
const expectStanding = async (replica: Replica, standing: string, detail: RegExp) => {
  const connection = await replica.get<Connection>('/api/zoho/test-connection');
  expect(connection).toMatchObject({ status: standing, organization: null });
  expect(connection.detail).toMatch(detail);
  const { isReady, parts } = await replica.health();
  expect(isReady).toBe(true);
  expect(parts.reconciler).toMatchObject({ status: 'degraded' });
  expect(parts.reconciler?.detail).toMatch(new RegExp(`^Zoho: ${standing}: `));
};

let documents = 0;
const expectWebhooksToGoOn = async (system: Replica) => {
  documents += 1;
  // Each about an item of its own, so that what is known of one is not in doubt because of another.
  const item = trackedItems(BATCH + documents).at(-1) ?? '';
  const created = Math.floor(Date.now() / 1_000);
  const { status, body } = await system.post(invoiceBody(1, { id: `9${documents}`, item, created }));
  expect(status).toBe(202);
  await eventually(async () => {
    const entry = await system.get<{ status: string }>(`/api/debug/webhook-log/${body.id}`);
    expect(entry.status).toBe('applied');
  });
};

describe('a connection with Zoho', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({
      simulator: { SIMULATOR_ITEMS: '200' },
      env: { ZOHO_OBSERVE_DELAY_MS: '3000' },
    });
  }, 60_000);
  afterAll(() => system?.stop());

  const tokenRequests = async () => (await system.zoho.calls()).tokenRequests;

  it('that is well says so, with the name of the organisation and what is left of the budget', async () => {
    expect(await system.get('/api/zoho/test-connection')).toMatchObject({
      status: 'ok',
      organization: 'Simulated Trading Co.',
      organization_id: '10234695',
      api_version: 'inventory/v1',
      quota: { minute: { limit: 100 }, day: { limit: 5_000 } },
    });
    expect((await system.health()).parts.reconciler?.status).toBe('up');
  });

  it('whose access token has expired renews it, and nobody notices', async () => {
    const before = await tokenRequests();
    await system.zoho.post('accounts/expire');
    expect(await system.get('/api/zoho/test-connection')).toMatchObject({ status: 'ok' });
    expect(await tokenRequests()).toBe(before + 1);
  });

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
    // Whose webhook is lost: it would ask for one more observation.
    await system.zoho.post('delivery', { lose: 1 });
    await system.zoho.post(`items/${dead}/delete`);
    await system.zoho.post('delivery', { lose: 0 });

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

  it('that lacks a scope: missing_scope, until it is given; webhooks go on', async () => {
    await system.zoho.post('accounts', { withdrawn: ['items'] });
    await expectStanding(system, 'missing_scope', /code 57/);
    await expectWebhooksToGoOn(system);
    await system.zoho.post('accounts', { withdrawn: [] });
    expect(await system.get('/api/zoho/test-connection')).toMatchObject({ status: 'ok' });
    expect((await system.health()).parts.reconciler?.status).toBe('up');
  });

  it.each([
    [
      'a wrong client secret',
      { ZOHO_CLIENT_SECRET: 'stale' },
      'invalid_credentials',
      /invalid_client_secret/,
    ],
    [
      'a refresh token that Zoho has forgotten',
      { ZOHO_REFRESH_TOKEN: 'stale' },
      'expired_token',
      /invalid_code/,
    ],
    ['the id of an organisation of others', { ZOHO_ORGANIZATION_ID: '999' }, 'wrong_organization', /999/],
  ])('configured with %s', async (_what, env, standing, detail) => {
    await system.zoho.post('accounts', { clientSecret: 'e2e', refreshToken: 'e2e' });
    const replica = await system.join(env);
    await expectStanding(replica, standing, detail);
    const before = await tokenRequests();
    await expectStanding(replica, standing, detail);
    // What is wrong stays wrong: each request would count towards the ten that Zoho takes.
    expect(await tokenRequests()).toBe(before);
    expect(JSON.stringify(await replica.get('/api/zoho/test-connection'))).not.toContain('stale');
    expect(replica.output()).not.toContain('stale');
    await expectWebhooksToGoOn(system);
  });

  it('code 45 ends a run with a clear result, and webhooks go on', async () => {
    const DAY = 2_000;
    await system.zoho.post('limits', { perDay: DAY, usedToday: DAY - 2 });
    const run = await ended(system, await askForRun(system, '/api/zoho/sync/full'));
    expect(run).toMatchObject({ status: 'failed', error: { code: 'quota_exhausted' } });
    expect(Date.parse(run.error?.until ?? '')).toBeGreaterThan(Date.now());

    await system.zoho.countFromNow();
    const { status, body } = await system.ask('/api/zoho/sync/full', { method: 'POST' });
    expect([status, body.success, body.error]).toEqual([200, false, expect.stringContaining('until')]);
    expect(body.stats).toMatchObject({ total_processed: 0 });
    await expectStanding(system, 'quota_exhausted', /until/);
    expect(await system.get('/api/zoho/test-connection')).toMatchObject({ quota: { day: { remaining: 0 } } });
    await expectWebhooksToGoOn(system);
    // We know that the day is used up: nobody asks Zoho again.
    expect((await system.zoho.calls()).total).toBe(0);
  });
});

describe('a Zoho that cannot be reached from the start', () => {
  let system: System;
  /** Takes calls, and never answers them. */
  const nowhere = { server: createServer(), connections: 0 };
  beforeAll(async () => {
    nowhere.server.on('connection', (socket) => {
      nowhere.connections += 1;
      socket.destroy();
    });
    nowhere.server.listen(0, '127.0.0.1');
    await once(nowhere.server, 'listening');
    const address = nowhere.server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    system = await startSystem({
      env: {
        // Nobody but the opening asks.
        ZOHO_OBSERVE_DELAY_MS: '-1',
        ZOHO_API_BASE_URL: url,
        ZOHO_ACCOUNTS_URL: url,
        ZOHO_CLIENT_ID: 'e2e',
        ZOHO_CLIENT_SECRET: 'e2e',
        ZOHO_REFRESH_TOKEN: 'e2e',
        ZOHO_ORGANIZATION_ID: '10234695',
      },
    });
  }, 60_000);
  afterAll(async () => {
    await system?.stop();
    nowhere.server.close();
  });

  it('unreachable; webhooks go on', async () => {
    await expectStanding(system, 'unreachable', /no answer|calls pause/);
    await expectWebhooksToGoOn(system);
    const { status, body } = await system.ask('/api/zoho/sync/products/1', { method: 'POST' });
    expect([status, body.success, body.error]).toEqual([
      200,
      false,
      expect.stringMatching(/no answer|calls pause/),
    ]);
  });

  it('the ledger notes once that the opening failed, however often Zoho is tried', async () => {
    const aboutRuns = async () =>
      (await ledgerEvents(system)).flatMap(({ type, text }) =>
        JSON.parse(text).runId === 'opening' ? (/stock\.(sync-\w+)/.exec(type)?.[1] ?? []) : [],
      );
    await eventually(async () => expect(await aboutRuns()).toEqual(['sync-started', 'sync-finished']));
    const { connections } = nowhere;
    await eventually(() => expect(nowhere.connections).toBeGreaterThan(connections + 1), 60_000);
    expect(await aboutRuns()).toEqual(['sync-started', 'sync-finished']);
  }, 90_000);
});

describe('without credentials', () => {
  it('no_credentials; a run is refused with 503, and webhooks go on', async () => {
    const system = await startSystem();
    try {
      const connection = await system.get<Connection>('/api/zoho/test-connection');
      expect(connection).toMatchObject({ status: 'no_credentials', organization: null });
      const { parts } = await system.health();
      expect(parts.reconciler?.detail).toMatch(/^no Zoho credentials are set/);
      expect(await system.ask('/api/zoho/sync/full', { method: 'POST' })).toMatchObject({
        status: 503,
        body: { code: 'zoho_unavailable' },
      });
      await expectWebhooksToGoOn(system);
    } finally {
      await system.stop();
    }
  });
});
