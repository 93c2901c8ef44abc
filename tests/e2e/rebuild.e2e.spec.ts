import { eventually } from '@tallystream/testing';
import type { Answer } from './api';
import { READER_KEY } from './api';
import { ledgerEvents, movesIn } from './ledger-events';
import { askForRun, ended, type Run, runOf } from './runs';
import { unlikeAudit, unlikePostgres, unlikeRedis } from './same-everywhere';
import { openStores, type Stores } from './stores';
import { invoiceBody, SALES_WAREHOUSE, type System, someId, startSystem } from './system';

type Report = Readonly<{
  isSame: boolean;
  swapped: boolean;
  differences: readonly Readonly<{ table: string; missing: number; unexpected: number; different: number }>[];
}>;
type Rebuilt = Run &
  Readonly<{ result: Report; requestedBy: string; parameters: Readonly<{ store: string }> }>;
type Stock = Readonly<{ stock: number | null; revision: number }>;
type Projection = Readonly<{ name: string; version: number; checkpoint: number; lagEvents: number }>;

const STORES = ['balances', 'catalogue', 'drift', 'audit-trail', 'webhook-log', 'stock-cache'] as const;
/** As long as a process may be silent before another takes over, and what a rebuild takes. */
const TAKEN_UP_WITHIN_MS = 40_000;

jest.setTimeout(120_000);

describe('a projection that is made again', () => {
  let system: System;
  let stores: Stores;
  let items: readonly string[];
  let cutOff: string;

  beforeAll(async () => {
    system = await startSystem({
      simulator: { SIMULATOR_ITEMS: '30' },
      env: { WATCH_EVERY_SECONDS: '2', ZOHO_OBSERVE_DELAY_MS: '-1' },
    });
    stores = await openStores(system);
    items = (await stores.balances())
      .filter((row) => row.warehouse_id === SALES_WAREHOUSE && !row.provisional)
      .map((row) => row.item_id);
    await Promise.all(items.map((item) => sell(item)));
    await allTaken();
  });
  afterAll(async () => {
    await stores?.close();
    await system?.stop();
  });

  const sell = async (item: string) =>
    expect((await system.post(invoiceBody(1, { id: someId(), item }))).status).toBe(202);
  const projections = async () =>
    (await system.get<{ items: readonly Projection[] }>('/api/ops/projections')).items;
  const projection = async (name: string) => {
    const found = (await projections()).find((each) => each.name === name);
    if (!found) throw new Error(`${name} is not listed`);
    return found;
  };
  const allTaken = () =>
    eventually(async () => {
      for (const each of await projections()) expect(each).toMatchObject({ lagEvents: 0 });
    }, 30_000);
  const path = (name: string) => `/api/ops/projections/${name}/rebuild`;
  const rebuild = async (name: string, dryRun: boolean): Promise<Rebuilt> => {
    const { status, body } = await system.ask<Rebuilt>(path(name), { body: { dryRun } });
    expect([name, status, body.status]).toEqual([name, 200, 'completed']);
    return body;
  };
  const sum = ({ result }: Rebuilt) =>
    result.differences.reduce(
      (total, { missing, unexpected, different }) => ({
        missing: total.missing + missing,
        unexpected: total.unexpected + unexpected,
        different: total.different + different,
      }),
      { missing: 0, unexpected: 0, different: 0 },
    );

  /** All keys of a level that never was. */
  const whole = ['', `:${SALES_WAREHOUSE}`]
    .map((end) => `stock:whole${end}`)
    .concat(`stock-cache:level:whole:${SALES_WAREHOUSE}`);

  /** As somebody with all rights might, past every trigger. */
  const falsify = async () => {
    const [first, second] = items;
    await stores.sql(`SET session_replication_role = replica;
      UPDATE balances SET on_hand = on_hand + 7 WHERE item_id = '${first}';
      INSERT INTO balances SELECT (jsonb_populate_record(b, '{"item_id": "ghost", "sequence": 1}')).*
        FROM balances b WHERE item_id = '${first}' AND warehouse_id = '${SALES_WAREHOUSE}';
      UPDATE items SET name = 'forged' WHERE item_id = '${first}';
      INSERT INTO drifts (drift_id, item_id, warehouse_id, side, verdict) VALUES ('ghost', 'x', 'y', 'accounting', 'held');
      UPDATE audit_events SET actor = 'nobody' WHERE sequence = 3;
      DELETE FROM audit_events WHERE sequence = 5;
      DELETE FROM webhook_log WHERE sequence = (SELECT max(sequence) FROM webhook_log);
      SET session_replication_role = origin`);
    const { stockKey, levelStockKey, redisKey } = system.naming;
    await stores.redis.set(stockKey(first as never), '9999');
    await stores.redis.hset(
      levelStockKey(second as never, SALES_WAREHOUSE as never),
      'revision',
      999,
      'onHand',
      1,
    );
    await stores.redis.set(redisKey('stock:ghost'), '5');
    for (const key of whole) await stores.redis.set(redisKey(key), '5');
  };
  const wrong = {
    // The item has a row in each of its warehouses.
    balances: { missing: 0, unexpected: 1, different: expect.any(Number) },
    catalogue: { missing: 0, unexpected: 0, different: 1 },
    drift: { missing: 0, unexpected: 1, different: 0 },
    'audit-trail': { missing: 1, unexpected: 0, different: 1 },
    'webhook-log': { missing: 1, unexpected: 0, different: 0 },
    'stock-cache': { missing: 0, unexpected: 1 + whole.length, different: 2 },
  };
  const TABLES = ['balances', 'items', 'warehouses', 'drifts', 'audit_events', 'audit_blocks', 'webhook_log'];
  const fingerprints = async () => {
    const sums = TABLES.map(
      (table) => `SELECT '${table}', md5(string_agg(t::text, '' ORDER BY t::text)) FROM ${table} t`,
    );
    return stores.sql(sums.join(' UNION ALL '));
  };

  it('must exist, and be asked for properly', async () => {
    const ask = async (name: string, body: object = {}, key?: string): Promise<Answer<{ code?: string }>> =>
      system.ask(path(name), { body, ...(key ? { key } : {}) });
    expect((await ask('nobody')).body).toMatchObject({ status: 404, code: 'not_found' });
    expect((await ask('balances', { dryRun: 'maybe' })).body).toMatchObject({
      status: 400,
      errors: [{ path: 'dryRun' }],
    });
    expect((await ask('balances', {}, READER_KEY)).status).toBe(403);
  });

  it('dry: says what is wrong with each, and changes nothing', async () => {
    await falsify();
    const before = await fingerprints();
    for (const store of STORES) {
      const run = await rebuild(store, true);
      expect([store, sum(run), run.result.swapped]).toEqual([store, wrong[store], false]);
    }
    expect(await fingerprints()).toEqual(before);
    expect(await stores.stockInRedis('ghost')).toBe(5);
    expect((await projection('balances')).version).toBe(1);
  });

  it('killed in the middle leaves the live one alone; there is one at a time', async () => {
    const reader = await openStores(system);
    await reader.sql('BEGIN; SELECT 1 FROM balances');
    // Its swap waits for the read.
    cutOff = await askForRun(system, path('balances'), {});
    expect((await system.ask(path('balances'), { body: {} })).body).toMatchObject({
      status: 409,
      code: 'run_in_progress',
      runId: cutOff,
    });
    await eventually(async () =>
      expect(
        await stores.sql(`SELECT 1 FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'`),
      ).not.toEqual([]),
    );
    const before = await fingerprints();
    await system.kill('SIGKILL');
    await reader.close();
    expect(await fingerprints()).toEqual(before);
    await system.restart();
    expect((await projection('balances')).version).toBe(1);
    expect((await runOf(system, cutOff)).status).toBe('running');
  });

  it('while webhooks come and everybody reads: no read fails, no level goes back', async () => {
    const over = new AbortController();
    const highest = new Map<string, number>();
    let [reads, sold] = [0, 0];
    // Not the one whose revision was forged.
    const honest = items.filter((_, index) => index !== 1);
    const reading = async () => {
      while (!over.signal.aborted) {
        const item = honest[reads % honest.length] ?? '';
        const least = highest.get(item) ?? 0;
        const { revision } = await system.get<Stock>(`/api/stock/${item}`);
        expect(revision).toBeGreaterThanOrEqual(least);
        highest.set(item, Math.max(revision, highest.get(item) ?? 0));
        await system.get(`/api/audit/events?item=${item}`);
        await system.get(`/api/items/${item}/balances`);
        await system.get('/api/debug/webhook-log');
        await system.get('/api/reconciliation/drift');
        reads += 1;
      }
    };
    const selling = async () => {
      while (!over.signal.aborted) {
        await sell(honest[sold % honest.length] ?? '');
        sold += 1;
      }
    };
    const load = Promise.all([reading(), reading(), selling(), selling()]);
    const others = STORES.filter((store) => store !== 'balances');
    const ids = await Promise.all(others.map((store) => askForRun(system, path(store), {})));
    const runs = await Promise.all(ids.map((id) => ended(system, id, 60_000)));
    // The one that was cut off, taken up in the midst of it.
    const takenUp = (await ended(system, cutOff, TAKEN_UP_WITHIN_MS)) as Rebuilt;
    over.abort();
    await load;
    for (const [index, run] of (runs as Rebuilt[]).entries()) {
      const store = others[index] ?? 'drift';
      expect([store, run.status, run.error]).toEqual([store, 'completed', undefined]);
      // A sale has set the forged number right meanwhile.
      const due = store === 'stock-cache' ? { ...wrong[store], different: expect.any(Number) } : wrong[store];
      expect([store, sum(run), run.result.swapped]).toEqual([store, due, true]);
    }
    expect(takenUp).toMatchObject({ status: 'completed', resumed: 1, result: { swapped: true } });
    expect(sum(takenUp)).toEqual(wrong.balances);
    expect(reads).toBeGreaterThan(0);
    expect(sold).toBeGreaterThan(0);
  });

  it('is then what the ledger says, in every store', async () => {
    await allTaken();
    const events = await ledgerEvents(system);
    expect(await unlikePostgres(stores, movesIn(events))).toEqual([]);
    expect(await unlikeRedis(stores, movesIn(events))).toEqual([]);
    expect(await unlikeAudit(stores, events)).toEqual([]);
    const { redisKey } = system.naming;
    expect(await stores.redis.exists(...['stock:ghost', ...whole].map((key) => redisKey(key)))).toBe(0);
    expect(await system.get('/api/audit/verify')).toMatchObject({ ok: true, checked: events.length });
    for (const store of STORES)
      expect([store, (await rebuild(store, true)).result.isSame]).toEqual([store, true]);
  });

  it.each([
    ['drift', `UPDATE projection_checkpoints SET sequence = 999999 WHERE projection = 'drift'`],
    ['balances', `DELETE FROM balances WHERE sequence = (SELECT max(sequence) FROM balances)`],
    [
      'audit-trail',
      `SET session_replication_role = replica;
       DELETE FROM audit_events WHERE sequence = (SELECT max(sequence) FROM audit_events);
       SET session_replication_role = origin`,
    ],
  ])('%s is made again by itself when it is as it cannot be', async (name, damage) => {
    const before = await projection(name);
    await stores.sql(damage);
    await eventually(async () => {
      const { items: runs } = await system.get<{ items: readonly Rebuilt[] }>('/api/sync/runs?kind=rebuild');
      const healing = { parameters: { store: name }, requestedBy: 'self-healing', status: 'completed' };
      expect(runs[0]).toMatchObject(healing);
      const { version, lagEvents, checkpoint } = await projection(name);
      expect([version, lagEvents]).toEqual([before.version + 1, 0]);
      expect(checkpoint).toBeLessThan(999_999);
    }, 30_000);
    const events = await ledgerEvents(system);
    expect(await unlikePostgres(stores, movesIn(events))).toEqual([]);
    expect(await unlikeRedis(stores, movesIn(events))).toEqual([]);
    expect(await unlikeAudit(stores, events)).toEqual([]);
  });

  it('stock-cache is made again by itself when it stands where the ledger never was', async () => {
    const beyond = 999_999;
    const key = system.naming.redisKey('stock-cache:checkpoint');
    const position = await stores.redis.get(key);
    await stores.redis.set(key, (position ?? '').replace(/^\d+/, String(beyond)));
    await eventually(async () => {
      const { items: runs } = await system.get<{ items: readonly Rebuilt[] }>('/api/sync/runs?kind=rebuild');
      const healing = { requestedBy: 'self-healing', status: 'completed' };
      expect(runs[0]).toMatchObject({ parameters: { store: 'stock-cache' }, ...healing });
      expect(await stores.redis.get(key)).toBe(position);
    }, 30_000);
    const moves = movesIn(await ledgerEvents(system));
    await eventually(async () => expect(await unlikeRedis(stores, moves)).toEqual([]));
  });
});
