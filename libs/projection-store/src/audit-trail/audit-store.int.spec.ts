import {
  driftIdSchema,
  instantFrom,
  runIdSchema,
  type StockEvent,
  streamSeq,
  zero,
} from '@tallystream/contracts';
import type { EntityManager } from 'typeorm';
import type { Database } from '../database';
import {
  append,
  change,
  DAY,
  documentId,
  itemId,
  january,
  recorded,
  trails,
  warehouseId,
} from '../spec/trail';
import type { AuditFilter } from './audit-filter';
import { makePartitionsAhead } from './audit-partitions';
import { listAuditEvents } from './audit-search';
import { appendAuditEvents, chainHash, GENESIS, newestHash } from './audit-store';

jest.setTimeout(120_000);

const { fresh: freshTrail, drop } = trails();
afterAll(drop);

type Row = Readonly<{
  sequence: string;
  subject: string;
  id: string;
  ce_type: string;
  data: string;
  recorded_at: Date;
  hash: Buffer;
}>;

/** Walks the chain with nothing but the rows; returns the sequence of the first that does not hold. */
const brokenLink = async (database: Database): Promise<number | undefined> => {
  const rows = await database.query<Row>('SELECT * FROM audit_events ORDER BY sequence');
  let previous: Uint8Array = GENESIS;
  for (const row of rows) {
    const seq = streamSeq(Number(row.sequence));
    const expected = chainHash(previous, {
      seq,
      subject: row.subject,
      id: row.id,
      ceType: row.ce_type,
      data: Buffer.from(row.data),
      storedAt: instantFrom(row.recorded_at.getTime()),
    });
    if (!expected.equals(row.hash)) return seq;
    previous = row.hash;
  }
  return undefined;
};

describe('the audit trail', () => {
  it('shows an event as an auditor reads it', async () => {
    const database = freshTrail();
    const event = change({ document: '7', rest: { sku: 'PEN-1', revision: 4 } });
    const hash = await append(database, recorded(1, event));
    const { items } = await listAuditEvents(database, { order: 'asc', limit: 10 });
    expect(items).toEqual([
      {
        seq: 1,
        id: 'event-1',
        type: 'StockChanged',
        itemId: 'pen',
        warehouseId: 'main',
        revision: 4,
        delta: { onHand: -0.3 },
        before: { ...zero, onHand: 3 },
        after: { ...zero, onHand: 2.7 },
        reason: 'sale',
        document: { type: 'invoice', id: '7', version: instantFrom(january) },
        cause: { kind: 'webhook', id: '4711', actor: 'zoho' },
        actor: 'zoho',
        occurredAt: instantFrom(january),
        recordedAt: instantFrom(january + 1000),
        hash: hash.toString('hex'),
      },
    ]);
  });

  it('shows drift with the level that it is about', async () => {
    const database = freshTrail();
    const drift = {
      driftId: driftIdSchema.parse('d-1'),
      itemId: itemId('pen'),
      warehouseId: warehouseId('main'),
      side: 'accounting',
      cause: { kind: 'drift', id: 'd-1', actor: 'alice' },
      occurredAt: instantFrom(january),
    } as const;
    const detected: StockEvent = {
      type: 'DriftDetected',
      data: {
        ...drift,
        verdict: 'held',
        difference: { onHand: 9 },
        zoho: zero,
        ledger: zero,
        revision: 3,
        asOf: instantFrom(january),
        runId: runIdSchema.parse('run'),
        lookedUp: [],
        lastEvents: [],
      },
    };
    const resolved: StockEvent = { type: 'DriftResolved', data: { ...drift, resolution: 'approved' } };
    await append(
      database,
      recorded(1, change({ item: 'ink' })),
      recorded(2, detected),
      recorded(3, resolved),
    );
    const found = async (filter: Partial<AuditFilter>) =>
      (await listAuditEvents(database, { order: 'asc', limit: 10, ...filter })).items;
    expect(await found({ item: itemId('pen') })).toMatchObject([
      { seq: 2, type: 'DriftDetected', itemId: 'pen', warehouseId: 'main', revision: 3 },
      { seq: 3, type: 'DriftResolved', itemId: 'pen', warehouseId: 'main', actor: 'alice' },
    ]);
    expect((await found({ warehouse: warehouseId('main'), actor: 'alice' })).map(({ seq }) => seq)).toEqual([
      2, 3,
    ]);
    // It moves nothing by itself: what does, is an event of the level.
    expect(await found({ item: itemId('pen'), movements: true })).toEqual([]);
  });

  it('has one partition a month, in UTC, across a border of months and years', async () => {
    const database = freshTrail();
    const moments = [
      '2025-12-31T23:59:59.999Z',
      '2026-01-01T00:00:00Z',
      '2026-01-31T23:59:59Z',
      '2026-02-01T00:00:00Z',
    ];
    const events = moments.map((time, n) => recorded(n + 1, change({}), instantFrom(Date.parse(time))));
    await append(database, ...events.slice(0, 3));
    await append(database, ...events.slice(3));
    const rows = await database.query(
      'SELECT sequence::integer AS seq, tableoid::regclass::text AS partition FROM audit_events ORDER BY sequence',
    );
    expect(rows).toEqual([
      { seq: 1, partition: 'audit_events_2025_12' },
      { seq: 2, partition: 'audit_events_2026_01' },
      { seq: 3, partition: 'audit_events_2026_01' },
      { seq: 4, partition: 'audit_events_2026_02' },
    ]);
    expect(await brokenLink(database)).toBeUndefined();
  });

  it.each([
    'UPDATE audit_events SET data = data',
    `UPDATE audit_events SET recorded_at = recorded_at + interval '1 month'`,
    'DELETE FROM audit_events',
    'TRUNCATE audit_events',
    'UPDATE audit_events_2026_01 SET hash = hash',
    'DELETE FROM audit_events_2026_01',
    'TRUNCATE audit_events_2026_01',
    'TRUNCATE audit_events_2026_02',
  ])('refuses %s, even to its owner', async (statement) => {
    const database = freshTrail();
    await append(database, recorded(1, change({})), recorded(2, change({}), instantFrom(january + 40 * DAY)));
    const before = await database.query('SELECT * FROM audit_events ORDER BY sequence');
    await expect(database.query(statement)).rejects.toMatchObject({
      code: '42501',
      message: expect.stringContaining('append-only'),
    });
    expect(await database.query('SELECT * FROM audit_events ORDER BY sequence')).toEqual(before);
  });

  it('is written by its owner, whom no privilege would stop: only the triggers do', async () => {
    const [row] = await freshTrail().query(
      `SELECT tableowner = current_user AS "isOwner" FROM pg_tables
       WHERE tablename = 'audit_events' AND schemaname = current_schema()`,
    );
    expect(row).toEqual({ isOwner: true });
  });

  it('is not changed in where things are found, either', async () => {
    const database = freshTrail();
    await append(database, recorded(1, change({})));
    for (const statement of [
      'UPDATE audit_blocks SET actor = actor',
      'DELETE FROM audit_blocks',
      'TRUNCATE audit_blocks',
    ])
      await expect(database.query(statement)).rejects.toMatchObject({ code: '42501' });
  });

  it('has its partitions before a month begins, with all that guards the others', async () => {
    const database = freshTrail();
    await makePartitionsAhead(database, instantFrom(Date.UTC(2026, 10, 30, 23, 59)));
    await makePartitionsAhead(database, instantFrom(Date.UTC(2026, 11, 1)));
    const partitions = await database.query(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits
       WHERE inhparent = 'audit_events'::regclass ORDER BY name`,
    );
    const months = ['2026_11', '2026_12', '2027_01', '2027_02', '2027_03'];
    expect(partitions).toEqual(months.map((month) => ({ name: `audit_events_${month}` })));
    await append(database, recorded(1, change({}), instantFrom(Date.UTC(2027, 1, 28, 23, 59, 59, 999))));
    for (const statement of [
      'UPDATE audit_events_2027_02 SET hash = hash',
      'DELETE FROM audit_events_2027_02',
      'TRUNCATE audit_events_2027_02',
    ])
      await expect(database.query(statement)).rejects.toMatchObject({ code: '42501' });
  });

  it('makes a partition while somebody reads, and once when two want it', async () => {
    const database = freshTrail();
    await append(database, recorded(1, change({})));
    await database.transaction(async (reader) => {
      await reader.query('SELECT * FROM audit_events');
      const august = instantFrom(Date.UTC(2026, 7, 1));
      await Promise.all([makePartitionsAhead(database, august), makePartitionsAhead(database, august)]);
    });
    await append(database, recorded(2, change({}), instantFrom(Date.UTC(2026, 7, 2))));
  });

  it('takes an event once: a second time is an error, not another row', async () => {
    const database = freshTrail();
    await append(database, recorded(1, change({})));
    await expect(append(database, recorded(1, change({})))).rejects.toMatchObject({ code: '23505' });
  });
});

describe('the role of the running app', () => {
  it('appends and reads, and can do nothing else to the trail', async () => {
    const database = freshTrail();
    await append(database, recorded(1, change({})));
    const role = 'tallystream_audit_trail';
    const asRole = <T>(work: (manager: EntityManager) => Promise<T>): Promise<T> =>
      database.transaction(async (manager) => {
        await manager.query(`SET LOCAL ROLE ${role}`);
        return work(manager);
      });
    const previous = await newestHash(database);
    // Two months that have no partition yet, as after a night in which nothing ran.
    const next = [31, 59].map((day, n) => recorded(n + 2, change({}), instantFrom(january + day * DAY)));
    await asRole((manager) => appendAuditEvents(manager, previous, next));
    expect(await brokenLink(database)).toBeUndefined();
    for (const statement of [
      'UPDATE audit_events SET data = data',
      'DELETE FROM audit_events',
      'TRUNCATE audit_events',
      'UPDATE audit_events_2026_01 SET data = data',
      'DELETE FROM audit_events_2026_02',
      'SELECT * FROM audit_events_2026_02',
      'ALTER TABLE audit_events DISABLE TRIGGER append_only',
      'DROP TRIGGER append_only ON audit_events',
      'ALTER TABLE audit_events DETACH PARTITION audit_events_2026_01',
      'DROP TABLE audit_events_2026_01',
      'CREATE TABLE audit_events_2030_01 (LIKE audit_events)',
      'UPDATE audit_blocks SET actor = actor',
      'DELETE FROM audit_blocks',
      'DELETE FROM projection_checkpoints',
      `CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'`,
      `SET session_replication_role = 'replica'`,
    ])
      await expect(asRole((manager) => manager.query(statement))).rejects.toMatchObject({ code: '42501' });
    expect(await brokenLink(database)).toBeUndefined();
  });
});

describe('the hash chain', () => {
  const kinds: readonly StockEvent[] = [
    change({ document: '7', rest: { sku: 'شاي "أخضر" \\ 100 %\u2028' } }),
    {
      type: 'DocumentApplied',
      data: {
        document: { type: 'bill', id: documentId('b1'), version: instantFrom(january) },
        status: 'open',
        deleted: false,
        outcome: 'applied',
        effectHash: 'e',
        lines: [],
        cause: { kind: 'webhook', id: '1', actor: 'zoho' },
        occurredAt: instantFrom(january),
      },
    },
    {
      type: 'SyncStarted',
      data: {
        runId: runIdSchema.parse('run'),
        kind: 'opening',
        cause: { kind: 'sync', id: 'run', actor: 'reconciler' },
        occurredAt: instantFrom(january),
      },
    },
    {
      type: 'SyncFinished',
      data: {
        runId: runIdSchema.parse('run'),
        kind: 'opening',
        outcome: 'completed',
        items: 1,
        levels: 2,
        changed: 3,
        cause: { kind: 'sync', id: 'run', actor: 'reconciler' },
        occurredAt: instantFrom(january),
      },
    },
  ];
  const trailOf = async (length: number) => {
    const database = freshTrail();
    const moments = (n: number) => instantFrom(january + n * 7 * DAY + 123);
    const events = Array.from({ length }, (_, n) =>
      recorded(n + 1, kinds[n % kinds.length] ?? change({}), moments(n)),
    );
    // In batches of several sizes: where one ends must not show.
    await append(database, ...events.slice(0, 1));
    await append(database, ...events.slice(1, 6));
    await append(database, ...events.slice(6));
    return database;
  };

  it('can be recomputed from the rows alone, whatever the events and however they were batched', async () => {
    const database = await trailOf(12);
    expect(await brokenLink(database)).toBeUndefined();
    const [newest] = await database.query<{ hash: Buffer }>(
      'SELECT hash FROM audit_events WHERE sequence = 12',
    );
    expect(await newestHash(database)).toEqual(newest?.hash);
  });

  it('begins with the same bytes whatever the database', async () => {
    const [one, other] = [await trailOf(8), await trailOf(8)];
    expect(await newestHash(one)).toEqual(await newestHash(other));
  });

  it.each([
    ['its data', `data = replace(data, '2.7', '2.8')`],
    ['its type', `ce_type = 'com.tallystream.stock.changed.v2'`],
    ['its id', `id = 'another'`],
    ['its subject', `subject = 'stock.changed.main.ink'`],
    ['when it was recorded', `recorded_at = recorded_at + interval '1 millisecond'`],
    ['its hash', `hash = decode(repeat('00', 32), 'hex')`],
  ])('breaks at the row of which somebody, with the triggers off, changed %s', async (_what, set) => {
    const database = await trailOf(8);
    await database.transaction(async (manager) => {
      await manager.query(`SET LOCAL session_replication_role = 'replica'`);
      await manager.query(`UPDATE audit_events SET ${set} WHERE sequence = 5`);
    });
    expect(await brokenLink(database)).toBe(5);
  });

  it('breaks behind a row that was taken out', async () => {
    const database = await trailOf(8);
    await database.transaction(async (manager) => {
      await manager.query(`SET LOCAL session_replication_role = 'replica'`);
      await manager.query('DELETE FROM audit_events WHERE sequence = 5');
    });
    expect(await brokenLink(database)).toBe(6);
  });
});
