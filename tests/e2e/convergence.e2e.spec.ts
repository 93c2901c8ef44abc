import { randomInt } from 'node:crypto';
import { eventually } from '@tallystream/testing';
import { asLines, storedLevels } from './levels';
import { askForRun, ended, type Run } from './runs';
import type { TrueLevel } from './simulator';
import { openStores, type Stores } from './stores';
import { type System, startSystem } from './system';

// `npm run test:convergence` plays 50 seeds of 5,000 transactions; TALLY_SEED=7 plays one again.
const TRANSACTIONS = Number(process.env.TALLY_TRANSACTIONS ?? 1_000);
const ITEMS = 208; // 200 of them with stock
const seeds = process.env.TALLY_SEED
  ? [Number(process.env.TALLY_SEED)]
  : Array.from({ length: Number(process.env.TALLY_SEEDS ?? 5) }, () => randomInt(1, 1_000_000));

type Correction = Readonly<{
  item_id: string;
  warehouse_id: string;
  data: Readonly<{
    delta: Readonly<Record<string, number>>;
    after: Readonly<Record<string, number>>;
    baselineAsOf: string;
  }>;
}>;
type Moment = Readonly<{ at: string; quantities: TrueLevel | null }>;

describe.each(seeds)('whatever is lost, late or doubled on the way (seed %i)', (seed) => {
  let system: System;
  let stores: Stores;

  beforeAll(async () => {
    system = await startSystem({
      simulator: {
        SIMULATOR_ITEMS: String(ITEMS),
        SIMULATOR_SEED: String(seed),
        SIMULATOR_WEBHOOK_LOSE: '0.1',
        SIMULATOR_WEBHOOK_DUPLICATE: '0.1',
        SIMULATOR_WEBHOOK_REORDER: '0.1',
        SIMULATOR_WEBHOOK_LATE: '0.1',
        SIMULATOR_WEBHOOK_LATE_SECONDS: '3',
      },
      env: {
        DRIFT_CONFIRM_MINUTES: '0',
        DRIFT_MAX_DOCUMENTS: '2000',
        ZOHO_OBSERVE_DELAY_MS: '3000',
        ZOHO_RATE_LIMIT_PER_MINUTE: '100000',
        ZOHO_DAILY_LIMIT: '1000000',
      },
    });
    stores = await openStores(system);
  }, 90_000);
  afterAll(async () => {
    await stores?.close();
    await system?.stop();
  });

  const sweep = async (): Promise<Run> => ended(system, await askForRun(system, '/api/sync/stock'), 120_000);

  /** No webhook is on its way any more. */
  const quiet = () =>
    eventually(async () => {
      const { queue } = await system.get<{ queue: Record<string, number> }>('/api/zoho/sync/stats');
      expect(queue).toMatchObject({ pending: 0, processing: 0 });
    }, 120_000);

  it('both sides agree after the last sweep, and nothing was set wrong on the way', async () => {
    let isTrading = true;
    const traffic = system.zoho
      .post<{ booked: number; lost: number }>('transactions', { count: TRANSACTIONS, seed })
      .finally(() => {
        isTrading = false;
      });
    while (isTrading) await sweep();
    const { booked, lost } = await traffic;
    expect(booked).toBe(TRANSACTIONS);
    expect(lost).toBeGreaterThan(TRANSACTIONS * 0.05);

    await quiet();
    // One finds what is missing, the next confirms what it held; what was in flight then is judged by a later one.
    await eventually(async () => {
      const { stats, ...last } = await sweep();
      expect({ status: last.status, differ: Number(stats.levels) - Number(stats.equal) }).toEqual({
        status: 'completed',
        differ: 0,
      });
    }, 90_000);

    const truth = asLines(await system.zoho.truth());
    await eventually(async () => expect(asLines(await storedLevels(stores))).toEqual(truth));
    const items = [...new Set((await system.zoho.truth()).map(({ itemId }) => itemId))];
    for (let from = 0; from < items.length; from += 200) {
      const path = `/api/zoho/compare?itemIds=${items.slice(from, from + 200).join(',')}`;
      const { levels } = await system.get<{ levels: readonly { agree: boolean }[] }>(path);
      expect(levels.filter(({ agree }) => !agree)).toEqual([]);
    }
    expect(await falseCorrections()).toEqual([]);
    expect(await brokenLevels()).toEqual([]);
  }, 300_000);

  /** Corrections of a level that was right when Zoho was asked, by Zoho's own history. */
  const falseCorrections = async (): Promise<readonly unknown[]> => {
    const corrections = (await stores.sql(
      `SELECT item_id, warehouse_id, data::jsonb AS data FROM audit_events WHERE reason = 'reconciliation'`,
    )) as unknown as readonly Correction[];
    const wrong: unknown[] = [];
    for (const { item_id: itemId, warehouse_id: warehouseId, data } of corrections) {
      const moved = Object.entries(data.delta);
      if (moved.length === 0) continue;
      const query = new URLSearchParams({ itemId, warehouseId });
      const { moments } = await system.zoho.get<{ moments: readonly Moment[] }>(`history?${query}`);
      const then = moments.filter(({ at }) => Date.parse(at) <= Date.parse(data.baselineAsOf)).at(-1);
      const wasRight = moved.every(
        ([name, by]) =>
          then?.quantities && round(Number(data.after[name]) - by) === then.quantities[name as 'onHand'],
      );
      if (wasRight) wrong.push({ itemId, warehouseId, data, then });
    }
    return wrong;
  };

  /** Revisions without a gap, each balance the one before it plus the delta. */
  const brokenLevels = () =>
    stores.sql(`
      SELECT item_id, warehouse_id, revision FROM (
        SELECT item_id, warehouse_id, revision,
          (data::jsonb->'after'->>'onHand')::numeric AS after, coalesce((data::jsonb->'delta'->>'onHand')::numeric, 0) AS delta,
          lag(revision, 1, 0) OVER levels AS revision_before,
          lag((data::jsonb->'after'->>'onHand')::numeric, 1, 0) OVER levels AS before
        FROM audit_events WHERE type = 'StockChanged'
        WINDOW levels AS (PARTITION BY item_id, warehouse_id ORDER BY revision)
      ) AS history
      WHERE revision <> revision_before + 1 OR after <> before + delta`);
});

const round = (value: number): number => Math.round(value * 1e6) / 1e6;
