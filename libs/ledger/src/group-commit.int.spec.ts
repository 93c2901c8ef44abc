import {
  documentIdSchema,
  type Instant,
  instantFrom,
  itemIdSchema,
  type LevelRef,
  type Naming,
  type StockChanged,
  streamSeq,
  warehouseIdSchema,
} from '@tallystream/contracts';
import type { StockDocument } from '@tallystream/domain';
import {
  type JetStreamConnection,
  lastSequence,
  messageAt,
  messagesSince,
  openConnection,
  provisionStreams,
} from '@tallystream/jetstream';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { removeData, startNats, temporaryData } from '../../../deploy/local/servers';
import { documentWrite } from './document-write';
import { openEventStore, storedEvent } from './event-store';
import { groupCommit } from './group-commit';
import { openLedger } from './index';
import { stateCache } from './ledger-view';

jest.setTimeout(120_000);

const quiet = { info: () => undefined, warn: () => undefined };
const at = (seconds: number): Instant => instantFrom(Date.UTC(2026, 0, 7) + seconds * 1000);
const levelOf = (item: string): LevelRef => ({
  itemId: itemIdSchema.parse(item),
  warehouseId: warehouseIdSchema.parse('main'),
});
const documentId = (id: string) => documentIdSchema.parse(id);
const invoice = (
  id: string,
  lines: Readonly<Record<string, number>>,
  version = 0,
  rest: Partial<StockDocument> = {},
): StockDocument => ({
  id: documentId(id),
  status: 'sent',
  deleted: false,
  createdAt: at(0),
  modifiedAt: at(version),
  ...rest,
  type: 'invoice',
  lines: Object.entries(lines).map(([item, quantity]) => ({ ...levelOf(item), quantity })),
});
const many = (prefix: string, count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`${prefix}-${n}`, 1]));
const webhook = (id: string | number) => ({ kind: 'webhook', id: String(id), actor: 'zoho' }) as const;
const pen = levelOf('pen');
/** Two of it are more than a level can keep exactly. */
const HUGE = 3_000_000_000;

const movesOf = async (
  connection: JetStreamConnection,
  naming: Naming,
  ref: LevelRef,
): Promise<readonly StockChanged[]> => {
  const messages = await messagesSince(connection, naming.stream('STOCK'), naming.levelSubject(ref), at(0));
  return messages.flatMap((message) => {
    const { event } = storedEvent(message);
    return event.type === 'StockChanged' ? [event.data] : [];
  });
};

describe('a group of writes', () => {
  let connection: JetStreamConnection;
  let naming: Naming;
  const open = () => openLedger(connection, naming);
  const moves = (ref: LevelRef) => movesOf(connection, naming, ref);

  beforeAll(async () => {
    connection = openConnection({ url: testServers().natsUrl, name: 'group-commit.int.spec' }, quiet);
    await connection.ready();
  });
  beforeEach(async () => {
    naming = freshNaming();
    await provisionStreams(connection, naming);
  });
  // The streams stay: nats-server 2.14.0 refuses a new one (10049) while it deletes the last one of an account.
  afterAll(() => connection.close());

  const batchOf = async (seq: number) => {
    const message = await messageAt(connection, naming.stream('STOCK'), streamSeq(seq));
    return message?.header('Nats-Batch-Id');
  };

  it.each(['document first', 'observation first'])(
    'holds a level’s first document and first observation, %s: both count',
    async (order) => {
      const ledger = open();
      const observedAt = Math.floor(Date.now() / 1000) * 1000;
      const later = instantFrom(observedAt + 60_000);
      const quantities = {
        onHand: 100,
        committed: 0,
        physicalOnHand: 100,
        physicalCommitted: 0,
        inTransit: 0,
      };
      const sell = () =>
        ledger.applyDocument(
          invoice('1', { pen: 3 }, 0, { createdAt: later, modifiedAt: later }),
          webhook(1),
        );
      const observe = () =>
        ledger.applyObservation(
          { ...pen, asOf: instantFrom(observedAt), quantities },
          { kind: 'observation', id: 'o1', actor: 'reconciler' },
        );
      // While this one is on its way the two others wait, and so go together.
      const leader = ledger.applyDocument(invoice('0', { ink: 1 }), webhook(0));
      const both = order === 'document first' ? [sell(), observe()] : [observe(), sell()];
      await leader;
      const [first, second] = await Promise.all(both);
      expect(await batchOf(first?.seq ?? 0)).toEqual(expect.any(String));
      expect(await batchOf(first?.seq ?? 0)).toBe(await batchOf(second?.seq ?? 0));
      expect((await ledger.level(pen))?.level).toMatchObject({
        provisional: false,
        revision: 2,
        quantities: { onHand: 97 },
      });
    },
  );

  it('with one that cannot be decided: it alone is rejected, once, and nothing of it is stored', async () => {
    const ledger = open();
    await ledger.applyDocument(invoice('1', { heavy: HUGE }), webhook(1));
    const settled: string[] = [];
    const apply = (id: string, lines: Readonly<Record<string, number>>) =>
      ledger.applyDocument(invoice(id, lines), webhook(id)).then(
        () => settled.push(`${id} committed`),
        (error: Error) => settled.push(`${id} ${error.name}`),
      );
    await Promise.all([apply('2', { pen: 1 }), apply('3', { heavy: HUGE, ink: 1 }), apply('4', { pen: 1 })]);
    expect(settled.sort()).toEqual(['2 committed', '3 QuantityOverflow', '4 committed']);
    expect(await ledger.document('invoice', documentId('3'))).toBeUndefined();
    expect(await moves(levelOf('ink'))).toEqual([]);
    expect(await moves(levelOf('heavy'))).toHaveLength(1);
    expect((await ledger.level(pen))?.level.quantities.onHand).toBe(-2);
  });

  it('with one that cannot be decided while the rest conflicts: the rest lands, it is rejected once', async () => {
    const [ours, theirs] = [open(), open()];
    await ours.applyDocument(invoice('1', { heavy: HUGE, pen: 1 }), webhook(1));
    await theirs.applyDocument(invoice('2', { pen: 1 }), webhook(2));
    const settled: string[] = [];
    const apply = (id: string, lines: Readonly<Record<string, number>>) =>
      ours.applyDocument(invoice(id, lines), webhook(id)).then(
        () => settled.push(`${id} committed`),
        (error: Error) => settled.push(`${id} ${error.name}`),
      );
    const leader = apply('3', { other: 1 });
    const group = [apply('4', { heavy: HUGE, ink: 1 }), apply('5', { pen: 1 }), apply('6', { pen: 1 })];
    await Promise.all([leader, ...group]);
    expect(settled.sort()).toEqual(['3 committed', '4 QuantityOverflow', '5 committed', '6 committed']);
    expect(await ours.document('invoice', documentId('4'))).toBeUndefined();
    expect((await moves(pen)).map(({ revision, after }) => [revision, after.onHand])).toEqual([
      [1, -1],
      [2, -2],
      [3, -3],
      [4, -4],
    ]);
    await ours.settled();
    expect(await lastSequence(connection, naming.stream('STOCK'))).toBe(3 + 2 + 3 * 2);
  });

  it('with one that another writer has overtaken: all land, in few batches', async () => {
    const [ours, theirs] = [open(), open()];
    await ours.applyDocument(invoice('mine', { pen: 1 }), webhook('mine'));
    await theirs.applyDocument(invoice('theirs', { pen: 1 }), webhook('theirs'));
    const leader = ours.applyDocument(invoice('leader', { other: 1 }), webhook('leader'));
    const COUNT = 64;
    const group = Array.from({ length: COUNT }, (_, n) =>
      ours.applyDocument(invoice(`d${n}`, { [`i${n}`]: 1, ...(n === 40 ? { pen: 1 } : {}) }), webhook(n)),
    );
    const written = await Promise.all(group);
    await leader;
    expect(await moves(pen)).toHaveLength(3);
    const batches = new Set(await Promise.all(written.map(({ seq }) => batchOf(seq ?? 0))));
    expect(batches.size).toBe(2);
  });

  it.each([
    { what: 'on another level, once', subject: levelOf('ink'), seen: [0] },
    { what: 'on what the group itself has decided, once more', subject: pen, seen: [2, 2] },
  ])('with one that another writer has overtaken: what writes nothing is decided $what', async (reads) => {
    const writer = groupCommit(openEventStore(connection, naming, Date.now), stateCache(10));
    const apply = (id: string, lines: Readonly<Record<string, number>>) =>
      writer.write(documentWrite(invoice(id, lines), webhook(id), naming, { trustMarginMs: 2_000 }));
    await apply('1', { pen: 1, cup: 1 });
    await open().applyDocument(invoice('2', { cup: 1 }), webhook(2));
    const leader = apply('3', { other: 1 });
    const conflicting = apply('4', { pen: 1, cup: 1 });
    const seen: number[] = [];
    const subject = naming.levelSubject(reads.subject);
    const reading = writer.write({
      size: 1,
      needs: () => [{ kind: 'state', subject }],
      decide: (view) => {
        seen.push(view.level(subject)?.revision ?? 0);
        return { events: [], result: undefined };
      },
      fresh: true,
    });
    await Promise.all([leader, conflicting, reading]);
    expect(seen).toEqual(reads.seen);
  });

  it('asks a decision that threw once more, on fresh state, and no further', async () => {
    const writer = groupCommit(openEventStore(connection, naming, Date.now), stateCache(10));
    let asked = 0;
    const refusal = writer.write({
      size: 1,
      needs: () => [{ kind: 'state', subject: naming.levelSubject(pen) }],
      decide: () => {
        asked += 1;
        throw new Error('never');
      },
    });
    await expect(refusal).rejects.toThrow('never');
    await writer.settled();
    expect(asked).toBe(2);
    expect(await lastSequence(connection, naming.stream('STOCK'))).toBe(0);
  });

  it('decides an overflow once more when the level that it saw in memory is old', async () => {
    const [ours, theirs] = [open(), open()];
    await ours.applyDocument(invoice('1', { pen: HUGE }), webhook(1));
    await theirs.applyDocument(invoice('1', { pen: 1 }, 1), webhook(2));
    const { result } = await ours.applyDocument(invoice('2', { pen: HUGE }), webhook(3));
    expect(result.outcome).toBe('applied');
    expect((await ours.level(pen))?.level).toMatchObject({ revision: 3, quantities: { onHand: -HUGE - 1 } });
  });

  it('that is larger than a batch goes in several: every document once, whole, in the order it came', async () => {
    const ledger = open();
    const sizes = [1, 600, 399, 2, 998, 1, 700, 700, 5];
    const written = await Promise.all(
      sizes.map((size, n) => ledger.applyDocument(invoice(`d${n}`, many(`i${n % 2}`, size)), webhook(n))),
    );
    // The last event of each document lies as far behind the one before as the document is long.
    const ends = sizes.map((_, n) => sizes.slice(0, n + 1).reduce((sum, size) => sum + size + 1, 0));
    expect(written.map(({ seq }) => seq)).toEqual(ends);
    expect(await lastSequence(connection, naming.stream('STOCK'))).toBe(ends.at(-1));
    const even = sizes.filter((_, n) => n % 2 === 0).length;
    expect((await moves(levelOf('i0-0'))).map(({ revision }) => revision)).toEqual(
      Array.from({ length: even }, (_, n) => n + 1),
    );
  });

  it('of more writes than one group takes: all of 600 commit, each once', async () => {
    const ledger = open();
    const documents = Array.from({ length: 600 }, (_, n) => invoice(`d${n}`, { [`i${n % 3}`]: 1, pen: 0.1 }));
    await Promise.all(documents.map((document, n) => ledger.applyDocument(document, webhook(n))));
    expect(await lastSequence(connection, naming.stream('STOCK'))).toBe(600 * 3);
    expect((await ledger.level(pen))?.level).toMatchObject({ revision: 600, quantities: { onHand: -60 } });
  });
});

describe('a group that was decided while another was in flight', () => {
  let connection: JetStreamConnection;
  let naming: Naming;
  const open = () => openLedger(connection, naming);
  const COUNT = 600;
  /** Three batches and more: each level of a batch is moved by the one before, too. */
  const documents = (of: string) =>
    Array.from({ length: COUNT }, (_, n) =>
      invoice(`${of}${n}`, { pen: 1, ink: 1, [`i${n % 7}`]: 1, cup: 1 }),
    );

  beforeAll(async () => {
    connection = openConnection({ url: testServers().natsUrl, name: 'group-commit.int.spec' }, quiet);
    await connection.ready();
  });
  beforeEach(async () => {
    naming = freshNaming();
    await provisionStreams(connection, naming);
  });
  afterAll(() => connection.close());

  const revisions = async (ref: LevelRef) =>
    (await movesOf(connection, naming, ref)).map(({ revision, after }) => [revision, after.onHand]);
  const counted = (count: number) => Array.from({ length: count }, (_, n) => [n + 1, -n - 1]);

  it('goes out as decided: full batches, every level without a gap', async () => {
    const ledger = open();
    const written = await Promise.all(
      documents('d').map((each, n) => ledger.applyDocument(each, webhook(n))),
    );
    // The first goes alone, as nothing waits yet.
    expect(written.map(({ seq }) => seq)).toEqual(Array.from({ length: COUNT }, (_, n) => (n + 1) * 5));
    expect(await revisions(pen)).toEqual(counted(COUNT));
    const batches = new Set<string | undefined>();
    for (const { seq } of written) {
      const message = await messageAt(connection, naming.stream('STOCK'), streamSeq(seq ?? 0));
      batches.add(message?.header('Nats-Batch-Id'));
    }
    expect(batches.size).toBe(1 + Math.ceil(((COUNT - 1) * 5) / 1_000));
  });

  it('is decided again when that one gives way to another writer', async () => {
    const [ours, theirs] = [open(), open()];
    await ours.applyDocument(invoice('mine', { pen: 1 }), webhook('mine'));
    // Ours still has the level as it was before.
    await theirs.applyDocument(invoice('theirs', { pen: 1 }), webhook('theirs'));
    await Promise.all(documents('d').map((each, n) => ours.applyDocument(each, webhook(n))));
    expect(await revisions(pen)).toEqual(counted(COUNT + 2));
    expect(await revisions(levelOf('cup'))).toEqual(counted(COUNT));
  });

  it('is decided again when one of that one can never be committed', async () => {
    const ledger = open();
    await ledger.applyDocument(invoice('1', { heavy: HUGE }), webhook(1));
    const [leader, ...rest] = documents('d');
    const all = [leader, invoice('2', { heavy: HUGE, pen: 1 }), ...rest].flatMap((each) => each ?? []);
    const settled = await Promise.allSettled(all.map((each, n) => ledger.applyDocument(each, webhook(n))));
    const refused = settled.flatMap((each, n) => (each.status === 'rejected' ? [[n, each.reason.name]] : []));
    expect(refused).toEqual([[1, 'QuantityOverflow']]);
    expect(await revisions(pen)).toEqual(counted(COUNT));
  });
});

describe('while NATS is away', () => {
  let data: string;
  let nats: Awaited<ReturnType<typeof startNats>>;
  let connection: JetStreamConnection;
  let naming: Naming;
  const unavailable = { code: 'store_unavailable', name: 'NatsUnavailable' };
  const moves = (ref: LevelRef) => movesOf(connection, naming, ref);

  beforeAll(async () => {
    data = temporaryData();
    nats = await startNats({ dataDir: data, quiet: true });
    connection = openConnection({ url: nats.url, name: 'group-commit.int.spec' }, quiet);
    await connection.ready();
  });
  beforeEach(async () => {
    naming = freshNaming();
    await eventually(() => provisionStreams(connection, naming));
  });
  afterAll(async () => {
    nats?.resume();
    await connection?.close();
    await nats?.stop();
    removeData(data);
  });

  it('every write of a group is rejected; brought again with the same cause, each counts once', async () => {
    const ledger = openLedger(connection, naming);
    await ledger.applyDocument(invoice('1', { pen: 1 }), webhook(1));
    await nats.kill();
    const apply = (n: number) => ledger.applyDocument(invoice(`a${n}`, { pen: 1 }), webhook(`a${n}`));
    const group = [1, 2, 3, 4, 5];
    const refused = await Promise.allSettled(group.map(apply));
    for (const outcome of refused) expect(outcome).toMatchObject({ status: 'rejected', reason: unavailable });
    await nats.restart();
    for (let round = 0; round < 2; round += 1) {
      const applied = await eventually(() => Promise.all(group.map(apply)), 30_000);
      expect(applied.map(({ result }) => result.outcome)).toEqual(group.map(() => 'applied'));
    }
    expect((await moves(pen)).map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6]);
    expect((await ledger.level(pen))?.level.quantities.onHand).toBe(-6);
  });

  it('a write that cannot be decided is rejected with the rest of its group', async () => {
    const ledger = openLedger(connection, naming);
    const lines: Record<string, number>[] = [{ ink: 1 }, { pen: 1 }, { heavy: HUGE }];
    for (const [n, each] of lines.entries()) await ledger.applyDocument(invoice(`${n}`, each), webhook(n));
    nats.pause();
    const next: Record<string, number>[] = [{ ink: 2 }, { pen: 2 }, { heavy: 2 * HUGE }];
    const refused = await Promise.allSettled(
      next.map((each, n) => ledger.applyDocument(invoice(`${n}`, each, 1), webhook(`again ${n}`))),
    );
    nats.resume();
    for (const outcome of refused) expect(outcome).toMatchObject({ status: 'rejected', reason: unavailable });
  });

  it('a commit whose answer never came may be stored: the same cause finds it, and does not repeat it', async () => {
    const ledger = openLedger(connection, naming);
    await ledger.applyDocument(invoice('1', { pen: 1 }), webhook(1));
    nats.pause();
    // Document and level are in memory, so the batch goes out, into a server that takes it in when it wakes.
    const refused = ledger.applyDocument(invoice('1', { pen: 5 }, 1), webhook(2));
    await expect(refused).rejects.toMatchObject(unavailable);
    nats.resume();
    await eventually(async () => expect(await moves(pen)).toHaveLength(2), 30_000);
    const again = await eventually(
      () => ledger.applyDocument(invoice('1', { pen: 5 }, 1), webhook(2)),
      30_000,
    );
    expect(again.result.outcome).toBe('applied');
    expect(again.seq).toBeUndefined();
    expect((await moves(pen)).map(({ after }) => after.onHand)).toEqual([-1, -5]);
  });
});
