import { setImmediate as turn } from 'node:timers/promises';
import {
  instantFrom,
  itemIdSchema,
  type StockChanged,
  streamSeq,
  warehouseIdSchema,
  zero,
} from '@tallystream/contracts';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import {
  balancesDatabase,
  type Database,
  type Fold,
  type LevelEvent,
  PostgresProjection,
  type Rebuildable,
  readPosition,
  rebuild,
  type Source,
  writeBalances,
} from '../index';

jest.setTimeout(60_000);

const { databaseUrl: url } = testServers();
const ITEMS = 50;
const never = new AbortController().signal;

/** Level events, round and round over the items; the stream is as long as it is asked for. */
const eventAt = (seq: number): LevelEvent => {
  const at = instantFrom(Date.UTC(2026, 0, 7) + seq * 1_000);
  const data: StockChanged = {
    itemId: itemIdSchema.parse(`item-${seq % ITEMS}`),
    warehouseId: warehouseIdSchema.parse('main'),
    revision: Math.floor(seq / ITEMS) + 1,
    delta: { onHand: 1 },
    after: { ...zero, onHand: seq },
    provisional: false,
    baselineAsOf: at,
    reason: 'sale',
    cause: { kind: 'webhook', id: String(seq), actor: 'zoho' },
    occurredAt: at,
  };
  return { data, seq: streamSeq(seq), storedAt: at };
};

const fold: Fold<LevelEvent> = {
  projection: 'balances',
  begin: () => ({ write: writeBalances }),
};

describe('a projection that is made again', () => {
  let schema: string;
  let live: Database;
  let projection: PostgresProjection<LevelEvent>;
  /** How long the stream is now. */
  let last: number;
  let read: number;

  beforeEach(async () => {
    schema = freshNaming().schema;
    live = balancesDatabase({ url, schema });
    projection = new PostgresProjection(live, fold);
    await projection.start(never);
    last = 0;
    read = 0;
    await happen(500);
  });
  afterEach(async () => {
    await projection.onApplicationShutdown();
    await live.query(`DROP SCHEMA "${schema}" CASCADE`);
    await live.onApplicationShutdown();
  });

  /** More events, which the live projection takes at once. */
  const happen = async (count: number): Promise<void> => {
    const batch = Array.from({ length: count }, (_, n) => eventAt(last + n + 1));
    last += count;
    await projection.project(batch);
  };
  const parts = (source: Partial<Source<LevelEvent>> = {}): Rebuildable<LevelEvent> => ({
    store: 'balances',
    live,
    url,
    sources: [
      {
        fold,
        read: async function* (after, signal) {
          let position: number = after;
          if (position >= last) yield { messages: [], pending: 0 };
          for (;;) {
            while (position >= last && !signal.aborted) await turn();
            if (signal.aborted) return;
            const end = Math.min(position + 50, last);
            const messages = Array.from({ length: end - position }, (_, n) => eventAt(position + n + 1));
            read += messages.length;
            yield { messages, pending: last - end };
            position = end;
          }
        },
        ...source,
      },
    ],
  });
  const run = (dryRun: boolean, signal = never, of = parts()) =>
    rebuild(of, { dryRun, signal, progress: () => undefined });
  const numbers = async () =>
    Object.fromEntries(
      (
        await live.query<{ item_id: string; on_hand: string; revision: number }>(
          'SELECT item_id, on_hand, revision FROM balances',
        )
      ).map((row) => [row.item_id, `${Number(row.on_hand)} at ${row.revision}`]),
    );
  const wanted = () => {
    const newest = new Map<string, string>();
    for (let seq = 1; seq <= last; seq += 1) {
      const { data } = eventAt(seq);
      newest.set(data.itemId, `${data.after.onHand} at ${data.revision}`);
    }
    return Object.fromEntries(newest);
  };
  const spoil = async () => {
    await live.query(`UPDATE balances SET on_hand = 7 WHERE item_id IN ('item-1', 'item-2')`);
    await live.query(`DELETE FROM balances WHERE item_id = 'item-3'`);
    await live.query(
      `INSERT INTO balances SELECT warehouse_id, 'ghost', sku, on_hand, committed, physical_on_hand, physical_committed,
         in_transit, reserved, provisional, 1, sequence, baseline_as_of, occurred_at, recorded_at
       FROM balances WHERE item_id = 'item-4'`,
    );
  };
  const found = { table: 'balances', missing: 1, unexpected: 1, different: 2 };
  const schemasLeft = async () =>
    (
      await live.query<{ name: string }>(
        `SELECT nspname AS name FROM pg_namespace WHERE starts_with(nspname, $1) ORDER BY 1`,
        [schema],
      )
    ).map(({ name }) => name);

  it('is as the stream says, takes the place of the live one, and says what was wrong', async () => {
    await spoil();
    const report = await run(false);
    expect(report).toMatchObject({ isSame: false, swapped: true, differences: [found] });
    expect(report.differences[0]?.examples).toContainEqual({ warehouse_id: 'main', item_id: 'ghost' });
    expect(await numbers()).toEqual(wanted());
    expect(await readPosition(live, 'balances')).toEqual({ sequence: last, version: 2 });
    expect(await schemasLeft()).toEqual([schema]);
  });

  it('has all indexes of the live one', async () => {
    const indexes = async () => {
      const rows = await live.query<{ definition: string }>(
        `SELECT indexdef AS definition FROM pg_indexes WHERE schemaname = $1 AND tablename = 'balances' ORDER BY 1`,
        [schema],
      );
      return rows.map(({ definition }) => definition);
    };
    const before = await indexes();
    expect(before).toHaveLength(3);
    await run(false);
    expect(await indexes()).toEqual(before);
  });

  it('goes on being written: its owner begins again at the checkpoint of the new one', async () => {
    await run(false);
    await expect(happen(10)).rejects.toMatchObject({ name: 'CheckpointMoved' });
    last -= 10;
    expect(await projection.start(never)).toMatchObject({ after: last });
    await happen(10);
    expect(await numbers()).toEqual(wanted());
    expect((await run(false)).isSame).toBe(true);
    expect(await readPosition(live, 'balances')).toEqual({ sequence: last, version: 3 });
  });

  it('dry, says what is wrong, and changes nothing', async () => {
    await spoil();
    const before = await numbers();
    expect(await run(true)).toMatchObject({ isSame: false, swapped: false, differences: [found] });
    expect(await numbers()).toEqual(before);
    expect(await readPosition(live, 'balances')).toEqual({ sequence: last, version: 1 });
    expect(await schemasLeft()).toEqual([schema]);
    await happen(10);
  });

  it('while events arrive and reads go on: no read fails, nothing is lost, nothing is called wrong', async () => {
    const ended = new AbortController();
    let reads = 0;
    const reading = (async () => {
      while (!ended.signal.aborted) {
        expect(Object.keys(await numbers())).toHaveLength(ITEMS);
        reads += 1;
      }
    })();
    const writing = (async () => {
      while (!ended.signal.aborted) {
        await happen(7).catch(async (error: unknown) => {
          if (!(error instanceof Error && error.name === 'CheckpointMoved')) throw error;
          last -= 7;
          await projection.start(never);
        });
      }
    })();
    const report = await run(false);
    ended.abort();
    await Promise.all([reading, writing]);
    expect(report).toMatchObject({ isSame: true, swapped: true });
    expect(reads).toBeGreaterThan(0);
    expect(await numbers()).toEqual(wanted());
  });

  it('that broke off leaves the live one alone, and is taken up where it was', async () => {
    await spoil();
    const before = await numbers();
    const breaking = new AbortController();
    const progress = (done: number) => done >= 300 && breaking.abort(new Error('stopped'));
    const options = { dryRun: false, signal: breaking.signal, progress };
    await expect(rebuild(parts(), options)).rejects.toThrow('stopped');
    expect(await numbers()).toEqual(before);
    read = 0;
    expect(await run(false)).toMatchObject({ swapped: true, differences: [found] });
    expect(read).toBeLessThanOrEqual(250);
    expect(await numbers()).toEqual(wanted());
  });

  it('whose checkpoint is beyond the end of its stream gets one that is not', async () => {
    await live.query('UPDATE projection_checkpoints SET sequence = 9999');
    expect(await run(false)).toMatchObject({ isSame: true, swapped: true });
    expect(await readPosition(live, 'balances')).toEqual({ sequence: last, version: 2 });
  });

  it('stops at the first event that cannot be applied', async () => {
    const broken: Fold<LevelEvent> = {
      projection: 'balances',
      begin: () => ({
        write: async (manager, messages) => {
          if (messages.some(({ seq }) => seq === 320)) throw new Error('poison');
          await writeBalances(manager, messages);
        },
      }),
    };
    await expect(run(false, never, parts({ fold: broken }))).rejects.toThrow('poison');
    expect(await schemasLeft()).toEqual([schema]);
    expect(await readPosition(live, 'balances')).toEqual({ sequence: last, version: 1 });
  });

  it('twice at once: one works, the other is told', async () => {
    const outcomes = await Promise.allSettled([run(false), run(false)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'store_unavailable', message: 'balances is being rebuilt already' },
    });
  });

  it('waits for a long read, which holds up no other', async () => {
    const reader = live.dedicatedClient();
    await reader.connect();
    await reader.query('BEGIN');
    await reader.query('SELECT * FROM balances');
    const rebuilding = run(false);
    await eventually(async () => {
      const waiting = await live.query(
        `SELECT 1 FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'`,
      );
      expect(waiting.length).toBeGreaterThan(0);
    });
    expect(Object.keys(await numbers())).toHaveLength(ITEMS);
    await reader.query('COMMIT');
    await reader.end();
    expect(await rebuilding).toMatchObject({ swapped: true });
  });
});
