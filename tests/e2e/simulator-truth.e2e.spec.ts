import { eventually } from '@tallystream/testing';
import { openStores, type Stores } from './stores';
import { SALES_WAREHOUSE, type System, startSystem } from './system';

type TrueLevel = Readonly<
  Record<'itemId' | 'warehouseId', string> &
    Record<'onHand' | 'committed' | 'physicalOnHand' | 'physicalCommitted' | 'inTransit', number>
>;

const TRANSACTIONS = 2_000;

describe(`${TRANSACTIONS} transactions of a simulated Zoho, webhooks doubled and out of order`, () => {
  let system: System;
  let stores: Stores;

  beforeAll(async () => {
    system = await startSystem({
      simulator: {
        SIMULATOR_SEED: '20',
        SIMULATOR_WEBHOOK_DUPLICATE: '0.1',
        SIMULATOR_WEBHOOK_REORDER: '0.2',
      },
    });
    stores = await openStores(system);
  }, 60_000);
  afterAll(async () => {
    await stores?.close();
    await system?.stop();
  });

  it('end with every level equal to the truth, in Postgres and in Redis', async () => {
    const response = await fetch(`${system.simulatorUrl}/control/transactions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ count: TRANSACTIONS, seed: 21 }),
    });
    expect(await response.json()).toMatchObject({ booked: TRANSACTIONS, failed: 0, lost: 0 });
    const truth: { levels: readonly TrueLevel[] } = JSON.parse(
      await (await fetch(`${system.simulatorUrl}/control/truth`)).text(),
    );
    expect(truth.levels.length).toBeGreaterThan(600);

    await eventually(async () => {
      const pending = await system.get<{ items: unknown[] }>('/api/debug/webhook-log?status=pending');
      expect(pending.items).toHaveLength(0);
    }, 60_000);
    const dead = await system.get<{ items: unknown[] }>('/api/debug/webhook-log?status=dead');
    expect(dead.items).toEqual([]);

    // What was told out of order, Zoho's own numbers settle; documents are searched for once a minute at most.
    await eventually(async () => {
      const balances = new Map(
        (await stores.balances()).map((row) => [`${row.item_id} ${row.warehouse_id}`, row]),
      );
      const inPostgres = truth.levels.map(({ itemId, warehouseId }) => {
        const row = balances.get(`${itemId} ${warehouseId}`);
        return {
          itemId,
          warehouseId,
          onHand: Number(row?.on_hand),
          committed: Number(row?.committed),
          physicalOnHand: Number(row?.physical_on_hand),
          physicalCommitted: Number(row?.physical_committed),
          inTransit: Number(row?.in_transit),
        };
      });
      expect(inPostgres).toEqual(truth.levels);
    }, 100_000);

    await eventually(async () => {
      for (const level of truth.levels) {
        const { itemId, warehouseId, ...quantities } = level;
        const cached = await stores.levelInRedis(itemId, warehouseId);
        for (const [name, value] of Object.entries(quantities))
          expect([itemId, name, Number(cached[name])]).toEqual([itemId, name, value]);
        if (warehouseId !== SALES_WAREHOUSE) continue;
        const forSale = Math.round((level.onHand - level.committed) * 1e6) / 1e6;
        expect([itemId, await stores.stockInRedis(itemId)]).toEqual([itemId, forSale]);
      }
    }, 30_000);
  }, 240_000);

  it('leave an audit trail in which each balance is the one before plus the delta', async () => {
    const broken = await stores.sql(`
      WITH moves AS (
        SELECT item_id, warehouse_id, revision, data::jsonb AS event,
          lag(revision) OVER level AS revision_before,
          lag((data::jsonb #>> '{after,onHand}')::numeric) OVER level AS before
        FROM audit_events WHERE type = 'StockChanged'
        WINDOW level AS (PARTITION BY warehouse_id, item_id ORDER BY sequence))
      SELECT item_id, warehouse_id, revision FROM moves
      WHERE revision <> coalesce(revision_before, 0) + 1
        OR (event #>> '{after,onHand}')::numeric
          <> coalesce(before, 0) + coalesce((event #>> '{delta,onHand}')::numeric, 0)`);
    expect(broken).toEqual([]);
    const [{ rows, events }] = await stores.sql(
      'SELECT count(*) AS rows, max(sequence) AS events FROM audit_events',
    );
    expect(rows).toBe(events);
  });
});
