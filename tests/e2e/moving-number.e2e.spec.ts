import { eventually } from '@tallystream/testing';
import { openStores, type Stores } from './stores';
import { ITEM, invoiceBody, SALES_WAREHOUSE, type System, startSystem } from './system';

type OpenApi = {
  paths: Record<string, unknown>;
  components: { schemas: Record<string, { properties: Record<string, { anyOf?: unknown }> }> };
};

const VISIBLE_WITHIN_MS = 1_000;

describe('a signed invoice moves the number', () => {
  let system: System;
  let stores: Stores;
  let opening: number;

  beforeAll(async () => {
    system = await startSystem({ simulator: { SIMULATOR_ITEMS: '20' } });
    stores = await openStores(system);
    opening = await eventually(async () => {
      const { stock } = await stockOf();
      if (stock === null) throw new Error('the opening stock is not in the cache yet');
      return stock;
    });
  }, 60_000);
  afterAll(async () => {
    await stores?.close();
    await system?.stop();
  });

  const stockOf = () => system.get<{ stock: number | null; source: string }>(`/api/stock/${ITEM}`);
  const newestAudit = async () =>
    (await system.get<{ items: Record<string, unknown>[] }>(`/api/audit/events?item=${ITEM}&limit=1`))
      .items[0];
  const balance = async () =>
    (await stores.balances()).find((row) => row.item_id === ITEM && row.warehouse_id === SALES_WAREHOUSE);

  const seesEverywhere = (stock: number) =>
    eventually(async () => {
      expect((await stockOf()).stock).toBe(stock);
      expect(await stores.stockInRedis(ITEM)).toBe(stock);
      expect(Number((await balance())?.on_hand)).toBe(stock);
      expect(await newestAudit()).toMatchObject({ after: { onHand: stock } });
    }, VISIBLE_WITHIN_MS);

  it('for 3 pieces by 3, in four places within a second', async () => {
    const answer = await system.post(invoiceBody(3), { query: { event: 'invoice.created' } });
    expect(answer).toMatchObject({ status: 202, body: { status: 'accepted', duplicate: false } });
    await seesEverywhere(opening - 3);
    expect(await newestAudit()).toMatchObject({
      type: 'StockChanged',
      delta: { onHand: -3 },
      before: { onHand: opening },
      reason: 'sale',
      document: { type: 'invoice', id: '2646610000012345678', number: 'INV-000123' },
      cause: { kind: 'webhook', id: answer.body.id, actor: 'zoho' },
    });
  });

  it('not again for the same webhook, which is called a duplicate', async () => {
    const events = await stores.auditCount();
    const again = await system.post(invoiceBody(3), { query: { event: 'invoice.created' } });
    expect(again.body.duplicate).toBe(true);
    // The same document by another URL is another webhook; its version is known to the ledger.
    const other = await system.post(invoiceBody(3), { path: '/api/zoho/webhooks/invoices' });
    expect(other.body.duplicate).toBe(false);
    await eventually(async () => {
      const { status } = await system.get<{ status: string }>(`/api/debug/webhook-log/${other.body.id}`);
      expect(status).toBe('stale');
    });
    expect(await stores.auditCount()).toBe(events);
    await seesEverywhere(opening - 3);
  });

  it('at quantity 5 by 2 more; voided, it gives all 5 back', async () => {
    await system.post(invoiceBody(5, { version: 10 }), { query: { event: 'invoice.updated' } });
    await seesEverywhere(opening - 5);
    await system.post(invoiceBody(5, { version: 20, status: 'void' }), {
      query: { event: 'invoice.updated' },
    });
    await seesEverywhere(opening);
    expect(await newestAudit()).toMatchObject({ delta: { onHand: 5 }, reason: 'void' });
  });

  it('and the webhook log says what each one did', async () => {
    const log = await system.get<{ items: { status: string; effect: string }[] }>(
      '/api/debug/webhook-log?limit=2',
    );
    expect(log.items.map(({ status, effect }) => `${status}: ${effect}`)).toEqual([
      `applied: +5 onHand of ${ITEM} in ${SALES_WAREHOUSE}`,
      `applied: -2 onHand of ${ITEM} in ${SALES_WAREHOUSE}`,
    ]);
  });

  it('shows balances by item, and describes itself', async () => {
    const { items } = await system.get<{ items: unknown[] }>(`/api/balances?item=${ITEM}`);
    expect(items).toHaveLength(3);
    const { paths, components } = await system.get<OpenApi>('/docs/openapi.json');
    expect(components.schemas.StockDto_Output?.properties.stock?.anyOf).toEqual([
      expect.objectContaining({ type: 'number' }),
      { type: 'null' },
    ]);
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining([
        '/api/webhooks/zoho',
        '/api/zoho/webhooks/{entity}',
        '/api/stock/{itemId}',
        '/api/balances',
        '/api/audit/events',
        '/api/debug/webhook-log',
        '/health/ready',
      ]),
    );
  });

  it('asks for a key', async () => {
    for (const path of ['/api/stock/1', '/api/balances', '/api/audit/events', '/api/debug/webhook-log']) {
      expect((await fetch(system.url + path)).status).toBe(401);
      expect((await fetch(`${system.url}${path}?api_key=e2e-admin-key-0123456789`)).status).toBe(401);
    }
  });
});
