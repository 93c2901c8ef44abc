import { eventually } from '@tallystream/testing';
import { openStores, type Stores } from './stores';
import { invoiceBody, SALES_WAREHOUSE, type System, startSystem } from './system';

const ITEMS = Array.from({ length: 10 }, (_, n) => `item-${n}`);
const INVOICES = 300;
const RECOVERED_WITHIN_MS = 10_000;

describe('kill -9 between webhook and projection', () => {
  let system: System;
  let stores: Stores;

  beforeAll(async () => {
    system = await startSystem();
    stores = await openStores(system);
  }, 60_000);
  afterAll(async () => {
    await stores?.close();
    await system?.stop();
  });

  it('loses nothing and repeats nothing: after the restart all stores agree', async () => {
    const expected = new Map<string, number>();
    const posts = Array.from({ length: INVOICES }, async (_, n) => {
      const item = ITEMS[n % ITEMS.length] ?? '';
      const answer = await system.post(invoiceBody(1 + (n % 3), { id: `inv-${n}`, item }));
      expect(answer.status).toBe(202);
      expected.set(item, (expected.get(item) ?? 0) - (1 + (n % 3)));
    });
    await Promise.all(posts);
    await system.kill('SIGKILL');
    const projected = Number((await stores.sql('SELECT count(*) AS n FROM audit_events'))[0].n);
    // The kill must have come in the middle: accepted, and not all of it projected.
    expect(projected).toBeLessThan(2 * INVOICES);

    await system.restart();
    await eventually(async () => {
      const rows = await stores.balances();
      expect(new Map(rows.map((row) => [row.item_id, Number(row.on_hand)]))).toEqual(expected);
      for (const row of rows) {
        const cached = await stores.levelInRedis(row.item_id, SALES_WAREHOUSE);
        expect([row.item_id, Number(cached.onHand), Number(cached.revision)]).toEqual([
          row.item_id,
          Number(row.on_hand),
          row.revision,
        ]);
      }
      // One record and one move per invoice, each once.
      expect(await stores.auditCount()).toBe(2 * INVOICES);
    }, RECOVERED_WITHIN_MS);
    // The log is a projection of its own.
    await eventually(async () => {
      const log = await system.get<{ items: { status: string }[] }>(`/api/debug/webhook-log?limit=${INVOICES}`);
      expect(new Set(log.items.map(({ status }) => status))).toEqual(new Set(['applied']));
    }, RECOVERED_WITHIN_MS);
  }, 90_000);

  it('ends within 10 seconds when asked to', async () => {
    const began = performance.now();
    await system.kill('SIGTERM');
    expect(performance.now() - began).toBeLessThan(10_000);
    await system.restart();
  }, 60_000);
});
