import {
  type AppliedLine,
  type DocumentApplied,
  type LevelRef,
  levelKey,
  type StockChanged,
  type StockEvent,
} from '@tallystream/contracts';
import fc from 'fast-check';
import { Invariants, type Violation } from '../index';
import { at, documentId, invoice, level, observation, openBooks } from './books';
import { samples } from './samples';
import { seed } from './seed';
import { type Story, stories } from './story';

const pen = level('pen');

/** The events of a ledger are numbered from 1, as in their stream. */
const verified = (events: readonly StockEvent[]): readonly Violation[] => {
  const found: Violation[] = [];
  const invariants = new Invariants((violation) => found.push(violation));
  for (const [index, event] of events.entries()) invariants.take(event, index + 1);
  invariants.finish();
  return found;
};

/** What is told of each, but for the words. */
const named = (events: readonly StockEvent[]) =>
  verified(events).map(({ check, seq, level: ref, document }) =>
    [check, seq, document, ref && levelKey(ref)].filter((part) => part !== undefined).join(' '),
  );

/**
 * 1 the record of an invoice, 2 ink −2, 3 pen −3, 4 an observation of pen, 5 the record of its second version,
 * 6 pen +1, 7 that it was voided, 8 ink +2, 9 pen +2; 10 a transfer, 11 and 12 its levels.
 */
const healthy = (): StockEvent[] => {
  const books = openBooks();
  books.apply(invoice({ pen: 3, ink: 2 }, { modifiedAt: at(10) }));
  books.observe(observation(pen, at(0), { onHand: 100, physicalOnHand: 100 }));
  books.apply(invoice({ pen: 2, ink: 2 }, { modifiedAt: at(20) }));
  books.apply(invoice({ pen: 2, ink: 2 }, { modifiedAt: at(30), status: 'void' }));
  books.apply({
    id: documentId('t-1'),
    status: 'partially_transferred',
    deleted: false,
    createdAt: at(40),
    modifiedAt: at(40),
    ...samples.transfer_order.content([{ ...level('cup'), quantity: 10, first: 4 }]),
  });
  return [...books.history()];
};

type Change = (events: StockEvent[]) => StockEvent[];

const changed =
  (seq: number, change: (data: StockChanged) => Partial<StockChanged>): Change =>
  (events) =>
    events.map((event, index) =>
      index === seq - 1 && event.type === 'StockChanged'
        ? { type: 'StockChanged', data: { ...event.data, ...change(event.data) } }
        : event,
    );
const recorded =
  (seq: number, change: (data: DocumentApplied) => Partial<DocumentApplied>): Change =>
  (events) =>
    events.map((event, index) =>
      index === seq - 1 && event.type === 'DocumentApplied'
        ? { type: 'DocumentApplied', data: { ...event.data, ...change(event.data) } }
        : event,
    );
const line =
  (ref: LevelRef, change: (of: AppliedLine) => Partial<AppliedLine>) => (data: DocumentApplied) => ({
    lines: data.lines.map((one) => (levelKey(one) === levelKey(ref) ? { ...one, ...change(one) } : one)),
  });
const without =
  (...seqs: readonly number[]): Change =>
  (events) =>
    events.filter((_event, index) => !seqs.includes(index + 1));
/** Once more at the end. */
const again =
  (...seqs: readonly number[]): Change =>
  (events) => [...events, ...seqs.flatMap((seq) => events[seq - 1] ?? [])];
const plus = (value: number | undefined, more: number) => (value ?? 0) + more;

describe('a ledger in which everything holds', () => {
  it('is found to be so', () => {
    expect(verified(healthy())).toEqual([]);
    expect(healthy().map(({ type }) => type === 'DocumentApplied')).toEqual(
      [1, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0].map(Boolean),
    );
  });

  it('tells what was checked', () => {
    const invariants = new Invariants(() => undefined);
    for (const [index, event] of healthy().entries()) invariants.take(event, index + 1);
    expect(invariants.checked).toEqual({ levels: 8, documents: 4, effects: 8, transfers: 1 });
    expect([invariants.levels.size, invariants.documentCount, invariants.isOpen]).toEqual([4, 2, false]);
  });

  it('is what the domain makes, whatever it is told in whatever order', () => {
    fc.assert(
      fc.property(
        fc.boolean().chain((isVague) => stories({ isVague })),
        (story) => {
          expect(named(playedAll(story))).toEqual([]);
        },
      ),
      { numRuns: 1_000, seed },
    );
  });

  it('holds when the events of a commit come in another order', () => {
    const events = healthy();
    const [record, first, second, ...rest] = events;
    if (!record || !first || !second) throw new Error('there are too few events');
    expect(verified([second, first, record, ...rest])).toEqual([]);
  });
});

describe('a ledger in which something does not hold', () => {
  it.each<Readonly<{ what: string; when: Change; found: readonly string[] }>>([
    // 1: revisions without gap, balances that add up
    { what: 'an event of a level is missing', when: without(4), found: ['levels 5 main.pen'] },
    {
      what: 'the first event of a level has another revision than 1',
      when: changed(3, () => ({ revision: 2 })),
      found: ['levels 3 main.pen', 'levels 4 main.pen'],
    },
    { what: 'a revision is there twice', when: again(4), found: ['levels 13 main.pen'] },
    {
      what: 'a balance is not the one before and the delta',
      when: changed(4, ({ after }) => ({ after: { ...after, reserved: 1 } })),
      found: ['levels 4 main.pen', 'levels 6 main.pen'],
    },
    {
      what: 'a balance is off by a millionth',
      when: changed(9, ({ after }) => ({ after: { ...after, onHand: plus(after.onHand, 0.000001) } })),
      found: ['levels 9 main.pen'],
    },
    // 2: one record per version, versions rising
    {
      what: 'a version is applied twice',
      when: again(1, 2, 3),
      found: expect.arrayContaining(['documents 13 invoice:inv-1']),
    },
    {
      what: 'the same version is recorded twice, the levels not',
      when: (events) => [...events.slice(0, 3), ...events.slice(0, 1), ...events.slice(3)],
      found: expect.arrayContaining(['documents 4 invoice:inv-1']),
    },
    {
      what: 'a version is older than the one before',
      when: recorded(7, (data) => ({ document: { ...data.document, version: at(15) } })),
      found: expect.arrayContaining(['documents 7 invoice:inv-1']),
    },
    {
      what: 'a version follows the deletion',
      when: recorded(5, () => ({ deleted: true })),
      found: ['documents 7 invoice:inv-1'],
    },
    // 3: the sum of the deltas is the last effect, less what was absorbed
    {
      what: 'a delta is not what the effect differs by',
      when: recorded(
        5,
        line(pen, () => ({ delta: { onHand: 2 } })),
      ),
      found: ['effects 5 invoice:inv-1 main.pen', 'effects 5 invoice:inv-1 main.pen'],
    },
    {
      what: 'an effect does not follow from the one before',
      when: recorded(
        5,
        line(pen, () => ({ effect: { onHand: -1 } })),
      ),
      found: ['effects 5 invoice:inv-1 main.pen', 'effects 7 invoice:inv-1 main.pen'],
    },
    {
      what: 'something was absorbed, and counted all the same',
      when: recorded(
        1,
        line(pen, () => ({ treatment: 'absorbed' })),
      ),
      found: ['effects 1 invoice:inv-1 main.pen'],
    },
    {
      what: 'a later version forgets a level that it moved',
      when: (events) =>
        recorded(7, (data) => ({ lines: data.lines.filter(({ itemId }) => itemId !== 'pen') }))(
          events.filter((_event, index) => index !== 8),
        ),
      found: ['effects 7 invoice:inv-1'],
    },
    {
      what: 'a level did not move as the record says',
      when: without(12),
      found: ['effects 10 transfer_order:t-1 south.cup'],
    },
    {
      what: 'a level moved by less than the record says',
      when: changed(9, ({ delta, after }) => ({
        delta: { onHand: plus(delta.onHand, -1) },
        after: { ...after, onHand: plus(after.onHand, -1) },
      })),
      found: ['effects 7 invoice:inv-1 main.pen'],
    },
    {
      what: 'a level moved because of a document that was never recorded',
      when: without(10),
      found: ['effects 10 transfer_order:t-1 main.cup', 'effects 11 transfer_order:t-1 south.cup'],
    },
    {
      what: 'a level moved because of another version',
      when: changed(9, ({ document }) => (document ? { document: { ...document, version: at(20) } } : {})),
      found: ['effects 9 invoice:inv-1 main.pen', 'effects 7 invoice:inv-1 main.pen'],
    },
    // 5: a transfer moves, never creates
    {
      what: 'a transfer brings more than left',
      when: recorded(
        10,
        line(level('cup', 'south'), ({ effect }) => ({
          effect: { ...effect, onHand: 5 },
          treatment: 'absorbed',
          delta: {},
        })),
      ),
      found: expect.arrayContaining(['transfers 10 transfer_order:t-1']),
    },
    {
      what: 'a transfer loses what is on its way, on the shelves only',
      when: (events) =>
        changed(12, ({ delta, after }) => ({
          delta: { ...delta, physicalOnHand: 3 },
          after: { ...after, physicalOnHand: 3 },
        }))(
          recorded(
            10,
            line(level('cup', 'south'), ({ effect, delta }) => ({
              effect: { ...effect, physicalOnHand: 3 },
              delta: { ...delta, physicalOnHand: 3 },
            })),
          )(events),
        ),
      found: ['transfers 10 transfer_order:t-1'],
    },
  ])('$what: it is found, and named', ({ when, found }) => {
    expect(named(when(healthy()))).toEqual(found);
  });

  it('says what in words', () => {
    const wrong = changed(4, ({ after }) => ({ after: { ...after, reserved: 1 } }))(healthy());
    expect(verified(wrong)[0]).toEqual({
      check: 'levels',
      what: 'reserved is 1 after 0 and a delta of 0, in revision 2',
      seq: 4,
      level: pen,
    });
  });

  it('is found whatever number of it is changed', () => {
    const bump = fc.constantFrom(-1, 1, 0.000001, 1_000_000);
    fc.assert(
      fc.property(stories({ isVague: false }), fc.nat(), bump, (story, choice, more) => {
        const events = playedAll(story);
        const moving = events.flatMap((event, index) => (event.type === 'StockChanged' ? [index + 1] : []));
        const seq = moving[choice % Math.max(moving.length, 1)];
        if (seq === undefined) return;
        const spoilt = changed(seq, ({ after }) => ({
          after: { ...after, inTransit: after.inTransit + more },
        }));
        expect(named(spoilt(events))).toContainEqual(expect.stringMatching(new RegExp(`^levels ${seq} `)));
      }),
      { numRuns: 300, seed },
    );
  });

  it('does not fill the memory when nothing of it holds', () => {
    const found: Violation[] = [];
    const invariants = new Invariants((violation) => found.push(violation));
    const [record] = healthy();
    if (record?.type !== 'DocumentApplied') throw new Error('the first event is no record');
    for (let n = 0; n < 3_000; n += 1) {
      const document = { ...record.data.document, id: documentId(`i-${n}`) };
      invariants.take({ type: 'DocumentApplied', data: { ...record.data, document } }, n + 1);
    }
    // Two lines each, of which none ever came.
    expect(found.length).toBeGreaterThan(3_000);
    invariants.finish();
    expect(found).toHaveLength(6_000);
  });
});

/** Everything that arrives, in order, with nothing looked at again. */
function playedAll(story: Story): StockEvent[] {
  const books = openBooks();
  for (const arrival of story.arrivals) {
    if (arrival.kind === 'version') books.apply(arrival.version.document);
    else
      for (const ref of arrival.levels) books.observe(observation(ref, at(arrival.seconds), { onHand: 7 }));
  }
  return [...books.history()];
}
