import { applyDelta, type Delta, documentTypes, quantityNames, times, zero } from '@tallystream/contracts';
import type { StockDocument } from '../index';
import { at, documentId, level, observation, openBooks } from './books';
import { type Sample, sampleLevels, samples } from './samples';

type Given = Readonly<{ at: number; quantity: number; status?: string; deleted?: true }>;
type Row = Readonly<{
  when: string;
  given: readonly Given[];
  outcomes: readonly ('applied' | 'stale')[];
  /** Of how many pens the document is in the end. */
  pens: number;
}>;

const applied = 'applied';
const stale = 'stale';

const rows: readonly Row[] = [
  { when: 'created', given: [{ at: 0, quantity: 3 }], outcomes: [applied], pens: 3 },
  {
    when: 'created as a draft, then counting',
    given: [
      { at: 0, quantity: 3, status: 'draft' },
      { at: 10, quantity: 3 },
    ],
    outcomes: [applied, applied],
    pens: 3,
  },
  {
    when: 'raised',
    given: [
      { at: 0, quantity: 3 },
      { at: 10, quantity: 5.25 },
    ],
    outcomes: [applied, applied],
    pens: 5.25,
  },
  {
    when: 'lowered',
    given: [
      { at: 0, quantity: 3 },
      { at: 10, quantity: 0.5 },
    ],
    outcomes: [applied, applied],
    pens: 0.5,
  },
  {
    when: 'taken back to a draft',
    given: [
      { at: 0, quantity: 3 },
      { at: 10, quantity: 3, status: 'draft' },
    ],
    outcomes: [applied, applied],
    pens: 0,
  },
  {
    when: 'voided',
    given: [
      { at: 0, quantity: 3 },
      { at: 10, quantity: 3, status: 'void' },
    ],
    outcomes: [applied, applied],
    pens: 0,
  },
  {
    when: 'deleted, and heard of again',
    given: [
      { at: 0, quantity: 3 },
      { at: 0, quantity: 3, deleted: true },
      { at: 10, quantity: 7 },
    ],
    outcomes: [applied, applied, stale],
    pens: 0,
  },
  {
    when: 'deleted before it was ever seen',
    given: [
      { at: 0, quantity: 3, deleted: true },
      { at: 0, quantity: 3 },
    ],
    outcomes: [applied, stale],
    pens: 0,
  },
  {
    when: 'told of twice',
    given: [
      { at: 0, quantity: 3 },
      { at: 0, quantity: 3 },
    ],
    outcomes: [applied, stale],
    pens: 3,
  },
  {
    when: 'told of out of order',
    given: [
      { at: 20, quantity: 5 },
      { at: 0, quantity: 3 },
      { at: 10, quantity: 4 },
    ],
    outcomes: [applied, stale, stale],
    pens: 5,
  },
  {
    when: 'voided, and its creation comes late',
    given: [
      { at: 10, quantity: 3, status: 'void' },
      { at: 0, quantity: 3 },
    ],
    outcomes: [applied, stale],
    pens: 0,
  },
];

const CREATED = 200;
const pen = level('pen');

const documentOf = (sample: Sample, { at: seconds, quantity, status, deleted }: Given): StockDocument => ({
  id: documentId('d-1'),
  status: status ?? sample.counts[0] ?? '',
  deleted: deleted ?? false,
  createdAt: at(CREATED),
  modifiedAt: at(CREATED + seconds),
  ...sample.content([{ ...pen, quantity }]),
});

/** What so many pens do to each level, by the sample's own table. */
const effectOn = (ref: (typeof sampleLevels)[number], { perPen }: Sample, pens: number): Delta => {
  const own = perPen.find(
    ({ itemId, warehouseId }) => itemId === ref.itemId && warehouseId === ref.warehouseId,
  );
  return Object.fromEntries(quantityNames.map((name) => [name, times(own?.delta[name] ?? 0, pens)]));
};

describe.each(documentTypes)('%s', (type) => {
  const sample = samples[type];

  it.each(rows)('$when: never observed, its levels are those of $pens pens', ({ given, outcomes, pens }) => {
    const books = openBooks();
    expect(given.map((one) => books.apply(documentOf(sample, one)).outcome)).toEqual(outcomes);
    for (const ref of sampleLevels) {
      expect(books.quantities(ref)).toEqual(applyDelta(zero, effectOn(ref, sample, pens)));
    }
  });

  it.each(rows)(
    '$when: since it was observed, its levels moved by $pens pens',
    ({ given, outcomes, pens }) => {
      const books = openBooks();
      const seen = { onHand: 120, committed: 7, physicalOnHand: 119.5, physicalCommitted: 6, inTransit: 2 };
      for (const ref of sampleLevels) books.observe(observation(ref, at(100), seen));
      expect(given.map((one) => books.apply(documentOf(sample, one)).outcome)).toEqual(outcomes);
      for (const ref of sampleLevels) {
        expect(books.quantities(ref)).toEqual(applyDelta({ ...zero, ...seen }, effectOn(ref, sample, pens)));
      }
    },
  );

  it('says why it moved a level, and that a void gives it back', () => {
    const books = openBooks();
    books.apply(documentOf(sample, { at: 0, quantity: 3 }));
    books.apply(documentOf(sample, { at: 10, quantity: 3, status: 'void' }));
    const reasons = books
      .history()
      .flatMap((event) => (event.type === 'StockChanged' ? [event.data.reason] : []));
    const each = sample.perPen.length;
    expect(reasons).toEqual([...Array(each).fill(sample.reason), ...Array(each).fill('void')]);
  });

  it('is absorbed where an observation since holds it, and only there', () => {
    const books = openBooks();
    for (const ref of sampleLevels) books.observe(observation(ref, at(CREATED + 50), { onHand: 120 }));
    expect(books.apply(documentOf(sample, { at: 0, quantity: 3 })).outcome).toBe('absorbed');
    expect(books.quantities(pen)).toEqual({ ...zero, onHand: 120 });
    expect(books.apply(documentOf(sample, { at: 90, quantity: 4 })).outcome).toBe('applied');
    expect(books.quantities(pen)).toEqual(applyDelta({ ...zero, onHand: 120 }, effectOn(pen, sample, 1)));
  });

  it('of which only the day is known is counted, and looked at', () => {
    const books = openBooks();
    const document = { ...documentOf(sample, { at: 0, quantity: 3 }), modifiedUntil: at(CREATED + 86_400) };
    const { outcome, observe } = books.apply(document);
    expect(outcome).toBe('applied');
    expect([...observe].sort()).toEqual([...new Set(sample.perPen.map(({ itemId }) => itemId))].sort());
  });
});
