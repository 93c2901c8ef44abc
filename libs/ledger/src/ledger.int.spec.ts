import {
  documentIdSchema,
  type Instant,
  instantFrom,
  itemIdSchema,
  type LevelRef,
  type Naming,
  type StockChanged,
  warehouseIdSchema,
} from '@tallystream/contracts';
import type { StockDocument } from '@tallystream/domain';
import {
  type JetStreamConnection,
  messagesSince,
  openConnection,
  provisionStreams,
} from '@tallystream/jetstream';
import { freshNaming, testServers } from '@tallystream/testing';
import { storedEvent } from './event-store';
import { defaultLedgerSettings, documentKey, type Ledger, openLedger } from './index';

const quiet = { info: () => undefined, warn: () => undefined };
const at = (seconds: number): Instant => instantFrom(Date.UTC(2026, 0, 7) + seconds * 1000);
const levelOf = (item: string): LevelRef => ({
  itemId: itemIdSchema.parse(item),
  warehouseId: warehouseIdSchema.parse('main'),
});
const invoice = (
  id: string,
  lines: Readonly<Record<string, number>>,
  version = 0,
  rest: Partial<StockDocument> = {},
): StockDocument => ({
  id: documentIdSchema.parse(id),
  status: 'sent',
  deleted: false,
  createdAt: at(0),
  modifiedAt: at(version),
  ...rest,
  type: 'invoice',
  lines: Object.entries(lines).map(([item, quantity]) => ({ ...levelOf(item), quantity })),
});
const webhook = (id: string | number) => ({ kind: 'webhook', id: String(id), actor: 'zoho' }) as const;

describe('the ledger on JetStream', () => {
  let connection: JetStreamConnection;
  let naming: Naming;
  const open = (cachedStates = 1_000): Ledger =>
    openLedger(connection, naming, { ...defaultLedgerSettings, cachedStates });

  beforeAll(async () => {
    connection = openConnection({ url: testServers().natsUrl, name: 'ledger.int.spec' }, quiet);
    await connection.ready();
  });
  beforeEach(async () => {
    naming = freshNaming();
    await provisionStreams(connection, naming);
  });
  afterAll(() => connection.close());

  const history = async (ref: LevelRef): Promise<readonly StockChanged[]> => {
    const messages = await messagesSince(connection, naming.stream('STOCK'), naming.levelSubject(ref), at(0));
    return messages.flatMap((message) => {
      const { event } = storedEvent(message);
      return event.type === 'StockChanged' ? [event.data] : [];
    });
  };

  it('commits a document and all its levels in one piece', async () => {
    const { result, seq } = await open().applyDocument(invoice('1', { pen: 3, ink: 2 }), webhook(1));
    expect(result.outcome).toBe('applied');
    expect(seq).toBe(3);
    const stored = await open().level(levelOf('pen'));
    expect(stored?.level.quantities.onHand).toBe(-3);
    expect((await open().document('invoice', documentIdSchema.parse('1')))?.lines).toHaveLength(2);
  });

  it('takes each version once, whoever brings it again', async () => {
    const [first, second] = [open(), open()];
    await first.applyDocument(invoice('1', { pen: 3 }, 1), webhook(1));
    expect((await second.applyDocument(invoice('1', { pen: 3 }, 1), webhook(2))).result.outcome).toBe(
      'stale',
    );
    expect((await second.applyDocument(invoice('1', { pen: 5 }, 2), webhook(3))).result.outcome).toBe(
      'applied',
    );
    expect((await first.applyDocument(invoice('1', { pen: 4 }, 1), webhook(4))).result.outcome).toBe('stale');
    expect((await first.level(levelOf('pen')))?.level.quantities.onHand).toBe(-5);
    expect((await history(levelOf('pen'))).map(({ delta }) => delta)).toEqual([
      { onHand: -3 },
      { onHand: -2 },
    ]);
  });

  it('8 writers, 200 documents, 5 shared levels: every effect once, revisions without a gap', async () => {
    const items = ['a', 'b', 'c', 'd', 'e'];
    const writers = Array.from({ length: 8 }, () => open());
    const documents = Array.from({ length: 200 }, (_, n) =>
      invoice(`doc-${n}`, { [items[n % 5] ?? 'a']: 1, [items[(n * 3 + 1) % 5] ?? 'b']: 0.25 }, n),
    );
    // Every document is brought by two writers at once: one of them must find it done.
    await Promise.all(
      documents.flatMap((document, n) =>
        [n % 8, (n + 3) % 8].map((w) => writers[w]?.applyDocument(document, webhook(`${n}-${w}`))),
      ),
    );
    for (const item of items) {
      const ref = levelOf(item);
      const expected = documents.flatMap(({ lines }) => lines).filter(({ itemId }) => itemId === item);
      const total = expected.reduce((sum, line) => sum - ('quantity' in line ? line.quantity : 0), 0);
      const events = await history(ref);
      expect(events.map(({ revision }) => revision)).toEqual(events.map((_, index) => index + 1));
      expect(events).toHaveLength(expected.length);
      expect(events.at(-1)?.after.onHand).toBe(total);
    }
  });

  it('refuses a document that does not fit into one batch, and only that one', async () => {
    const ledger = open();
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`item-${n}`, 1]));
    const [big, small] = await Promise.allSettled([
      ledger.applyDocument(invoice('big', many), webhook(1)),
      ledger.applyDocument(invoice('small', { pen: 1 }), webhook(2)),
    ]);
    expect(big).toMatchObject({ status: 'rejected', reason: { name: 'WriteTooLarge' } });
    expect(small).toMatchObject({ status: 'fulfilled' });
    expect(await ledger.document('invoice', documentIdSchema.parse('big'))).toBeUndefined();
  });

  it('takes a document of 999 levels whole', async () => {
    const ledger = open();
    const many = Object.fromEntries(Array.from({ length: 999 }, (_, n) => [`item-${n}`, 1]));
    expect((await ledger.applyDocument(invoice('big', many), webhook(1))).seq).toBe(1_000);
  });

  it('an observation sets the level and keeps what newer documents did', async () => {
    const ledger = open();
    const pen = levelOf('pen');
    const cause = { kind: 'observation', id: 'o1', actor: 'reconciler' } as const;
    const now = Math.floor(Date.now() / 1000) * 1000;
    const soon = instantFrom(now + 60_000);
    await ledger.applyDocument(
      invoice('1', { pen: 3 }, 0, { createdAt: soon, modifiedAt: soon }),
      webhook(1),
    );
    const quantities = { onHand: 120, committed: 0, physicalOnHand: 120, physicalCommitted: 0, inTransit: 0 };
    await ledger.applyObservation({ ...pen, asOf: instantFrom(now), quantities }, cause);
    const stored = await ledger.level(pen);
    expect(stored?.level).toMatchObject({
      provisional: false,
      quantities: { onHand: 117, physicalOnHand: 120 },
    });
    const again = await ledger.applyObservation({ ...pen, asOf: instantFrom(now), quantities }, cause);
    expect(again.seq).toBeUndefined();
  });

  it('finds the newest version of each of many documents, more than one request can name', async () => {
    const ledger = open();
    const some = Array.from({ length: 40 }, (_, n) => invoice(`doc-${n}`, { pen: 1 }, n));
    await Promise.all(some.map((document, n) => ledger.applyDocument(document, webhook(n))));
    await ledger.applyDocument(invoice('doc-7', { pen: 2 }, 100), webhook('later'));

    const name = (id: string) => ({ type: 'invoice' as const, id: documentIdSchema.parse(id) });
    const wanted = Array.from({ length: 2_100 }, (_, n) => name(`doc-${n % 2_000}`));
    const found = await ledger.documents([...wanted, { ...name('doc-1'), type: 'bill' }]);
    expect([...found.keys()].sort()).toEqual(some.map((document) => documentKey(document)).sort());
    expect(found.get('invoice:doc-7')).toMatchObject({ document: { version: at(100) }, outcome: 'applied' });
    expect(found.get('invoice:doc-8')?.document.version).toBe(at(8));
    expect((await ledger.documents([])).size).toBe(0);
  });

  it('works with a cache too small for its levels', async () => {
    const ledger = open(2);
    for (let n = 0; n < 20; n += 1)
      await ledger.applyDocument(invoice(`d${n}`, { [`i${n % 5}`]: 1 }), webhook(n));
    expect((await ledger.level(levelOf('i0')))?.level).toMatchObject({
      revision: 4,
      quantities: { onHand: -4 },
    });
  });
});
