import {
  type AuditAnchor,
  driftIdSchema,
  encodeEvent,
  instantFrom,
  type StockEvent,
  streamSeq,
} from '@tallystream/contracts';
import type { Database } from '../database';
import { append, change, DAY, itemId, january, recorded, trails, warehouseId } from '../spec/trail';
import { columnNames, type RecordedEvent } from './audit-row';
import { chainHash, GENESIS } from './audit-store';
import { type VerifyParts, verifyTrail } from './verify-trail';

jest.setTimeout(120_000);

const EVENTS = 12;
const resolved: StockEvent = {
  type: 'DriftResolved',
  data: {
    driftId: driftIdSchema.parse('d-1'),
    itemId: itemId('pen'),
    warehouseId: warehouseId('main'),
    side: 'accounting',
    resolution: 'approved',
    cause: { kind: 'drift', id: 'd-1', actor: 'alice' },
    occurredAt: instantFrom(january),
  },
};
/** Twelve weeks, one event each; every third is a drift, and about the document of none. */
const stream: readonly RecordedEvent[] = Array.from({ length: EVENTS }, (_, n) =>
  recorded(
    n + 1,
    n % 3 === 2 ? resolved : change({ item: `item-${n}`, document: `${n}`, rest: { revision: n + 1 } }),
    instantFrom(january + n * 7 * DAY),
  ),
);

describe('verifying the trail', () => {
  const { fresh, drop } = trails();
  let database: Database;

  beforeAll(() => {
    database = fresh();
  });
  beforeEach(async () => {
    await tamper('TRUNCATE audit_events', 'TRUNCATE audit_blocks');
    await append(database, ...stream);
    await setCheckpoint(EVENTS);
  });
  afterAll(drop);

  const setCheckpoint = (sequence: number) =>
    database.query(
      `INSERT INTO projection_checkpoints (projection, sequence) VALUES ('audit-trail', $1)
       ON CONFLICT (projection) DO UPDATE SET sequence = EXCLUDED.sequence`,
      [sequence],
    );
  const told = (events: readonly RecordedEvent[]): VerifyParts['events'] =>
    async function* (from, to) {
      yield* events.filter(({ seq }) => seq >= from && seq <= to);
    };
  const verify = (parts: Partial<VerifyParts> = {}) =>
    verifyTrail({
      database,
      events: told(stream),
      anchors: [],
      signal: new AbortController().signal,
      ...parts,
    });
  /** What a superuser can do: no trigger fires. */
  const tamper = (...statements: readonly string[]) =>
    database.transaction(async (manager) => {
      await manager.query(`SET LOCAL session_replication_role = 'replica'`);
      for (const statement of statements) await manager.query(statement);
    });
  const anchorAt = async (seq: number): Promise<AuditAnchor> => {
    const [row] = await database.query<{ hash: Buffer }>(
      'SELECT hash FROM audit_events WHERE sequence = $1',
      [seq],
    );
    return { seq: streamSeq(seq), hash: row?.hash.toString('hex') ?? '', time: instantFrom(january) };
  };
  /** Makes every hash from a sequence on fit what the rows then say. */
  const rewriteChain = async (events: readonly RecordedEvent[]) => {
    let hash: Buffer = GENESIS;
    for (const event of events) {
      hash = chainHash(hash, event);
      await tamper(
        `UPDATE audit_events SET hash = '\\x${hash.toString('hex')}' WHERE sequence = ${event.seq}`,
      );
    }
  };

  it('finds nothing wrong with one that nobody touched, whole or in part', async () => {
    const sound = { ok: true, firstBroken: null };
    expect(await verify()).toEqual({ ...sound, checked: EVENTS, from: 1, to: EVENTS, anchors: 0 });
    const anchors = [await anchorAt(4), await anchorAt(12)];
    expect(await verify({ anchors })).toMatchObject({ ...sound, checked: EVENTS, anchors: 2 });
    const part = { from: streamSeq(3), to: streamSeq(7) };
    expect(await verify({ ...part, anchors })).toEqual({ ...sound, checked: 5, ...part, anchors: 1 });
  });

  it('of which nothing has been taken yet is well', async () => {
    expect(await verify({ database: fresh() })).toMatchObject({ ok: true, checked: 0, to: 0 });
  });

  const edits: Readonly<Record<string, string>> = {
    type: `'SyncStarted'`,
    revision: '99',
    data: `replace(data, '2.7', '2.8')`,
    occurred_at: `occurred_at + interval '1 microsecond'`,
    recorded_at: `recorded_at - interval '1 microsecond'`,
  };
  const edited = columnNames.filter((name) => name !== 'sequence');
  it.each(edited)('finds a row of which somebody changed %s', async (name) => {
    await tamper(`UPDATE audit_events SET ${name} = ${edits[name] ?? `'another'`} WHERE sequence = 5`);
    expect(await verify()).toMatchObject({
      ok: false,
      checked: 4,
      firstBroken: { seq: 5, fault: 'changed', detail: expect.stringMatching(new RegExp(`: ${name}$`)) },
    });
  });

  it.each(['item_id', 'warehouse_id', 'reason', 'document_id'])(
    'finds a row of which somebody took %s away, so that it is found by that no more',
    async (name) => {
      await tamper(`UPDATE audit_events SET ${name} = NULL WHERE sequence = 4`);
      expect((await verify()).firstBroken).toMatchObject({ seq: 4, fault: 'changed' });
    },
  );

  it.each([
    ['a hash', [`UPDATE audit_events SET hash = sha256('') WHERE sequence = 5`], 5, 'unchained'],
    ['a row that was deleted', ['DELETE FROM audit_events WHERE sequence = 5'], 5, 'missing'],
    ['the first row, deleted', ['DELETE FROM audit_events WHERE sequence = 1'], 1, 'missing'],
    ['the last row, deleted', [`DELETE FROM audit_events WHERE sequence = ${EVENTS}`], EVENTS, 'missing'],
    ['all rows, deleted', ['TRUNCATE audit_events'], 1, 'missing'],
    ['a month, thrown away', ['DROP TABLE audit_events_2026_02'], 6, 'missing'],
    [
      'two rows that changed places',
      [
        'UPDATE audit_events SET sequence = 500 WHERE sequence = 5',
        'UPDATE audit_events SET sequence = 5 WHERE sequence = 7',
        'UPDATE audit_events SET sequence = 7 WHERE sequence = 500',
      ],
      5,
      'changed',
    ],
    [
      'a row, twice',
      [
        `CREATE TEMPORARY TABLE forged ON COMMIT DROP AS SELECT * FROM audit_events WHERE sequence = 5`,
        `UPDATE forged SET recorded_at = recorded_at + interval '1 second'`,
        'INSERT INTO audit_events SELECT * FROM forged',
      ],
      5,
      'unknown',
    ],
    ['a row before the first', forgedAt(0), 0, 'unknown'],
    ['a row with a negative sequence', forgedAt(-7), -7, 'unknown'],
    ['a row behind the last', forgedAt(EVENTS + 3), EVENTS + 3, 'unknown'],
    ['an event that searches pass over', [`DELETE FROM audit_blocks WHERE actor = 'alice'`], 3, 'hidden'],
  ] as const)('finds and locates %s', async (_what, statements, seq, fault) => {
    await tamper(...statements);
    expect(await verify()).toMatchObject({ ok: false, firstBroken: { seq, fault } });
  });

  it('finds an event that was rewritten together with all the chain behind it', async () => {
    const forged = stream.map((event) => (event.seq === 5 ? rewritten(event) : event));
    await tamper(`UPDATE audit_events SET data = replace(data, '2.7', '9.9') WHERE sequence = 5`);
    await rewriteChain(forged);
    expect((await verify()).firstBroken).toMatchObject({ seq: 5, fault: 'changed' });
  });

  it('finds it by the anchors even if the stream tells the same lie', async () => {
    const anchors = [await anchorAt(4), await anchorAt(8), await anchorAt(12)];
    const forged = stream.map((event) => (event.seq === 5 ? rewritten(event) : event));
    await tamper(`UPDATE audit_events SET data = replace(data, '2.7', '9.9') WHERE sequence = 5`);
    await rewriteChain(forged);
    expect(await verify({ events: told(forged) })).toMatchObject({ ok: true });
    // What was anchored before it still holds: it happened in between.
    expect(await verify({ events: told(forged), anchors })).toMatchObject({
      checked: 7,
      anchors: 1,
      firstBroken: { seq: 8, fault: 'anchor' },
    });
  });

  it('finds by the anchors that the end was cut off, checkpoint and all', async () => {
    const anchors = [await anchorAt(12)];
    await tamper('DELETE FROM audit_events WHERE sequence > 9');
    await setCheckpoint(9);
    expect(await verify()).toMatchObject({ ok: true, checked: 9 });
    expect((await verify({ anchors })).firstBroken).toMatchObject({ seq: 12, fault: 'missing' });
  });

  it('finds what the stream has lost', async () => {
    const without5 = stream.filter(({ seq }) => seq !== 5);
    expect((await verify({ events: told(without5) })).firstBroken).toMatchObject({ seq: 5, fault: 'lost' });
    const short = stream.slice(0, 9);
    expect((await verify({ events: told(short) })).firstBroken).toMatchObject({ seq: 10, fault: 'lost' });
  });

  it('looks at the part that it is asked for, which is chained to what is before', async () => {
    await tamper('DELETE FROM audit_events WHERE sequence = 5');
    expect(await verify({ to: streamSeq(4) })).toMatchObject({ ok: true, checked: 4 });
    expect(await verify({ from: streamSeq(7) })).toMatchObject({ ok: true, checked: 6 });
    const after = await verify({ from: streamSeq(6) });
    expect(after).toMatchObject({ checked: 0, firstBroken: { seq: 5, fault: 'missing' } });
  });

  it('takes no row for wrong that the projection adds meanwhile', async () => {
    const more = recorded(EVENTS + 1, change({}), instantFrom(january + 100 * DAY));
    const events: VerifyParts['events'] = async function* (from, to) {
      await append(database, more);
      await setCheckpoint(EVENTS + 1);
      yield* told([...stream, more])(from, to);
    };
    expect(await verify({ events })).toMatchObject({ ok: true, checked: EVENTS });
  });

  it('walks over many pages, and stops when nobody waits for it any more', async () => {
    const more = Array.from({ length: 2_600 }, (_, n) =>
      recorded(EVENTS + n + 1, change({ item: `i${n}` }), instantFrom(january + 80 * DAY + n)),
    );
    await append(database, ...more);
    await setCheckpoint(EVENTS + more.length);
    const all = told([...stream, ...more]);
    expect(await verify({ events: all })).toMatchObject({ ok: true, checked: EVENTS + more.length });

    const gone = new AbortController();
    let seen = 0;
    const events: VerifyParts['events'] = async function* (from, to) {
      for await (const event of all(from, to)) {
        seen += 1;
        if (seen === 500) gone.abort(new Error('gone'));
        yield event;
      }
    };
    await expect(verify({ events, signal: gone.signal })).rejects.toThrow('gone');
    expect(seen).toBeLessThan(1_100);
  });
});

function forgedAt(sequence: number): readonly string[] {
  return [
    `CREATE TEMPORARY TABLE forged ON COMMIT DROP AS SELECT * FROM audit_events WHERE sequence = 5`,
    `UPDATE forged SET sequence = ${sequence}`,
    'INSERT INTO audit_events SELECT * FROM forged',
  ];
}

function rewritten(event: RecordedEvent): RecordedEvent {
  const data = Buffer.from(Buffer.from(event.data).toString().replace('2.7', '9.9'));
  const said: StockEvent['data'] = JSON.parse(data.toString());
  expect(encodeEvent({ ...event.event, data: said } as StockEvent, { id: 'x', time: 'x' }).data).toEqual(
    data,
  );
  return { ...event, data, event: { ...event.event, data: said } as StockEvent };
}
