import {
  documentIdSchema,
  encodeEvent,
  type Instant,
  instantFrom,
  itemIdSchema,
  runIdSchema,
  type StockChanged,
  type StockEvent,
  streamSeq,
  warehouseIdSchema,
  zero,
} from '@tallystream/contracts';
import { freshNaming, testServers } from '@tallystream/testing';
import { encodeCursor } from '../cursor';
import { Database } from '../database';
import { auditDatabase } from './audit-database';
import { type AuditFilter, listAuditEvents } from './audit-queries';
import { appendAuditEvents, chainHash, GENESIS, newestHash, type RecordedEvent } from './audit-store';

jest.setTimeout(120_000);

const DAY = 86_400_000;
const january = Date.UTC(2026, 0, 1);
const itemId = (text: string) => itemIdSchema.parse(text);
const warehouseId = (text: string) => warehouseIdSchema.parse(text);
const documentId = (text: string) => documentIdSchema.parse(text);

type Change = Readonly<{
  item?: string;
  warehouse?: string;
  document?: string;
  occurredAt?: Instant;
  rest?: Partial<StockChanged>;
}>;

const change = ({ item = 'pen', warehouse = 'main', document, occurredAt, rest }: Change): StockEvent => ({
  type: 'StockChanged',
  data: {
    itemId: itemId(item),
    warehouseId: warehouseId(warehouse),
    revision: 1,
    delta: { onHand: -0.3 },
    after: { ...zero, onHand: 2.7 },
    provisional: false,
    reason: 'sale',
    ...(document
      ? { document: { type: 'invoice', id: documentId(document), version: instantFrom(january) } }
      : {}),
    cause: { kind: 'webhook', id: '4711', actor: 'zoho' },
    occurredAt: occurredAt ?? instantFrom(january),
    ...rest,
  },
});

const recorded = (
  seq: number,
  event: StockEvent,
  storedAt = instantFrom(january + seq * 1000),
): RecordedEvent => {
  const { headers, data } = encodeEvent(event, { id: `event-${seq}`, time: storedAt });
  return {
    seq: streamSeq(seq),
    subject: `stock.subject.${seq}`,
    id: `event-${seq}`,
    ceType: headers['ce-type'] ?? '',
    event,
    data,
    storedAt,
  };
};

const url = testServers().databaseUrl;
const opened: { database: Database; schema: string }[] = [];
const freshTrail = (): Database => {
  const { schema } = freshNaming();
  const database = auditDatabase({ url, schema });
  opened.push({ database, schema });
  return database;
};
afterAll(async () => {
  for (const { database, schema } of opened) {
    await database.query(`DROP SCHEMA "${schema}" CASCADE`);
    await database.onApplicationShutdown();
  }
});

const append = async (database: Database, ...events: readonly RecordedEvent[]): Promise<Buffer> => {
  const previous = await newestHash(database);
  return database.transaction((manager) => appendAuditEvents(manager, previous, events));
};

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

  it('takes an event once: a second time is an error, not another row', async () => {
    const database = freshTrail();
    await append(database, recorded(1, change({})));
    await expect(append(database, recorded(1, change({})))).rejects.toMatchObject({ code: '23505' });
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

describe('queries of the audit trail', () => {
  let database: Database;
  const list = (filter: Partial<AuditFilter>) =>
    listAuditEvents(database, { order: 'asc', limit: 100, ...filter });
  const found = async (filter: Partial<AuditFilter>) => (await list(filter)).items.map(({ seq }) => seq);

  beforeAll(async () => {
    database = freshTrail();
    const at = (day: number) => ({ occurredAt: instantFrom(january + day * DAY) });
    await append(
      database,
      recorded(1, change({ item: 'pen', document: '1', ...at(1) })),
      recorded(2, change({ item: 'ink', document: '1', ...at(2) })),
      recorded(3, change({ item: 'pen', warehouse: 'shop', document: '2', ...at(3) })),
      recorded(
        4,
        change({
          ...at(4),
          rest: { reason: 'observation', cause: { kind: 'observation', id: 'o:1', actor: 'reconciler' } },
        }),
      ),
      recorded(5, change({ ...at(5), rest: { cause: { kind: 'webhook', id: '4712', actor: 'zoho' } } })),
    );
  });

  it.each<[string, Partial<AuditFilter>, readonly number[]]>([
    ['nothing', {}, [1, 2, 3, 4, 5]],
    ['item', { item: itemId('pen') }, [1, 3, 4, 5]],
    ['warehouse', { warehouse: warehouseId('shop') }, [3]],
    ['item and warehouse', { item: itemId('pen'), warehouse: warehouseId('main') }, [1, 4, 5]],
    ['document', { document: { type: 'invoice', id: '1' } }, [1, 2]],
    ['document of another type', { document: { type: 'bill', id: '1' } }, []],
    ['reason', { reason: 'observation' }, [4]],
    ['kind of cause', { cause: { kind: 'webhook' } }, [1, 2, 3, 5]],
    ['cause', { cause: { kind: 'webhook', id: '4712' } }, [5]],
    ['actor', { actor: 'reconciler' }, [4]],
    ['time, from', { from: instantFrom(january + 3 * DAY) }, [3, 4, 5]],
    ['time, to', { to: instantFrom(january + 3 * DAY) }, [1, 2]],
    ['both times', { from: instantFrom(january + 2 * DAY), to: instantFrom(january + 4 * DAY) }, [2, 3]],
  ])('by %s', async (_by, filter, expected) => {
    expect(await found(filter)).toEqual(expected);
    expect(await found({ ...filter, order: 'desc' })).toEqual([...expected].reverse());
  });

  it.each(['asc', 'desc'] as const)('%s, page by page, with and without a filter', async (order) => {
    for (const filter of [{}, { item: itemId('pen') }]) {
      const seen: number[] = [];
      let cursor: string | null | undefined;
      do {
        const page = await list({ ...filter, order, limit: 2, ...(cursor ? { cursor } : {}) });
        seen.push(...page.items.map(({ seq }) => seq));
        cursor = page.nextCursor;
      } while (cursor);
      expect(seen).toEqual(await found({ ...filter, order }));
    }
  });

  it.each(['forged', 'W10', encodeCursor(['1']), encodeCursor([1.5]), encodeCursor([1, 2])])(
    'refuse the cursor %p, which they did not give out',
    async (cursor) => {
      await expect(list({ cursor })).rejects.toMatchObject({ code: 'invalid_request' });
    },
  );
});

describe('at 10,000 events in two months', () => {
  /** Asks Postgres how it would answer, instead of for the answer. */
  class Planned extends Database {
    plan = '';
    override async query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<readonly Row[]> {
      if (!sql.includes('FROM audit_events')) return super.query<Row>(sql, parameters);
      const lines = await super.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${sql}`, parameters);
      this.plan = lines.map((line) => line['QUERY PLAN']).join('\n');
      return [];
    }
  }
  let planned: Planned;

  beforeAll(async () => {
    const database = freshTrail();
    const events = Array.from({ length: 10_000 }, (_, n) =>
      recorded(
        n + 1,
        change({ item: `item-${n % 500}`, warehouse: `w${n % 50}`, document: `d${Math.floor(n / 5)}` }),
        instantFrom(january + 20 * DAY + n * 200_000),
      ),
    );
    await append(database, ...events);
    await database.query('ANALYZE audit_events');
    const { schema } = database;
    planned = new Planned({ url, schema, owner: 'audit_trail', entities: [], migrations: [] });
  });
  afterAll(() => planned?.onApplicationShutdown());

  it.each<[string, Partial<AuditFilter>]>([
    ['item_id', { item: itemId('item-7') }],
    ['warehouse_id', { warehouse: warehouseId('w7') }],
    ['document_type_document_id', { document: { type: 'invoice', id: 'd77' } }],
  ])('a filter by %s goes through its index, newest and oldest first', async (columns, filter) => {
    for (const order of ['desc', 'asc'] as const) {
      await listAuditEvents(planned, { order, limit: 50, ...filter });
      for (const month of ['2026_01', '2026_02']) {
        expect(planned.plan).toContain(`audit_events_${month}_${columns}_sequence_idx`);
      }
      expect(planned.plan).not.toContain('Seq Scan');
    }
  });
});
