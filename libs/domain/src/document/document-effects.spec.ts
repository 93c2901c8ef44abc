import { type Delta, documentTypes, isNoChange, levelKey, type Reason } from '@tallystream/contracts';
import fc from 'fast-check';
import { at, documentId, level } from '../spec/books';
import { sampleLevels, samples } from '../spec/samples';
import { seed } from '../spec/seed';
import { effectOf, reasonOf, touchedLevels } from './document-effects';
import type { DocumentContent, OrderLine, StockDocument } from './stock-document';

const head = { id: documentId('1'), deleted: false, modifiedAt: at(0) };
const document = (content: DocumentContent, status: string): StockDocument => ({
  ...head,
  status,
  ...content,
});

const pen = level('pen');
const untouchedOrder = { invoiced: 0, cancelled: 0, shipped: 0, manuallyFulfilled: 0, dropshipped: 0 };
const order = (line: Partial<OrderLine>): DocumentContent => ({
  type: 'salesorder',
  lines: [{ ...pen, quantity: 0, ...untouchedOrder, ...line }],
});
const quantity = fc.nat(9_999_999).map((millionths) => millionths / 1_000_000);
const of5 = { lines: [{ ...pen, quantity: 5 }] } as const;

type Row = readonly [
  given: string,
  content: DocumentContent,
  status: string,
  then: Delta | undefined,
  why: Reason,
];

const adjustment: DocumentContent = { type: 'inventory_adjustment', lines: [{ ...pen, quantity: -2.5 }] };

/** What is particular to a type: the rest is in the samples. */
const rows: readonly Row[] = [
  [
    'a confirmed order',
    order({ quantity: 5 }),
    'confirmed',
    { committed: 5, physicalCommitted: 5 },
    'sale_commitment',
  ],
  [
    'an order, partly invoiced and shipped',
    order({ quantity: 5, invoiced: 2, shipped: 1 }),
    'partially_invoiced',
    { committed: 3, physicalCommitted: 4 },
    'sale_commitment',
  ],
  [
    'an order with cancelled, dropshipped and manually fulfilled pieces',
    order({ quantity: 10, cancelled: 1, dropshipped: 2, manuallyFulfilled: 3 }),
    'open',
    { committed: 9, physicalCommitted: 4 },
    'sale_commitment',
  ],
  [
    'an order invoiced beyond its quantity promises nothing, never less',
    order({ quantity: 5, invoiced: 7 }),
    'invoiced',
    { physicalCommitted: 5 },
    'sale_commitment',
  ],
  [
    'an order shipped, dropshipped and cancelled beyond its quantity',
    order({ quantity: 5, shipped: 4, dropshipped: 2, cancelled: 1 }),
    'shipped',
    { committed: 4 },
    'sale_commitment',
  ],
  [
    'an order of nothing that was invoiced',
    order({ invoiced: 2, shipped: 1 }),
    'open',
    undefined,
    'sale_commitment',
  ],
  ['an adjustment by quantity', adjustment, 'adjusted', { onHand: -2.5, physicalOnHand: -2.5 }, 'adjustment'],
  [
    'an adjustment of the value alone',
    { type: 'inventory_adjustment', lines: [] },
    'adjusted',
    undefined,
    'adjustment',
  ],
];

describe('effects of documents', () => {
  it.each(rows)('%s', (_given, content, status, delta, reason) => {
    const given = document(content, status);
    expect(effectOf(given)).toEqual(delta === undefined ? [] : [{ ...pen, delta }]);
    expect(reasonOf(given)).toBe(reason);
  });

  it.each(rows)('deleted, it has none: %s', (_given, content, status) => {
    const given = { ...document(content, status), deleted: true };
    expect(effectOf(given)).toEqual([]);
    expect(reasonOf(given)).toBe('void');
  });

  it('adds lines of one level up exactly, and sorts levels', () => {
    const lines = [
      { ...level('pen', 'z'), quantity: 1 },
      { ...pen, quantity: 0.1 },
      { ...pen, quantity: 0.2 },
    ];
    expect(effectOf(document({ type: 'bill', lines }, 'open'))).toEqual([
      { ...pen, delta: { onHand: 0.3 } },
      { ...level('pen', 'z'), delta: { onHand: 1 } },
    ]);
  });

  it('leaves out levels whose lines cancel each other out', () => {
    const lines = [
      { ...pen, quantity: 2 },
      { ...pen, quantity: -2 },
    ];
    expect(effectOf(document({ type: 'inventory_adjustment', lines }, 'adjusted'))).toEqual([]);
  });

  it('names the levels of a document that does not count', () => {
    expect(touchedLevels(document({ type: 'invoice', ...of5 }, 'void'))).toEqual([pen]);
  });

  it('names both ends of a transfer, whatever has arrived', () => {
    const content = samples.transfer_order.content([{ ...pen, quantity: 5, first: 5 }]);
    expect(touchedLevels(document(content, 'draft'))).toEqual([pen, level('pen', 'south')]);
  });
});

describe.each(documentTypes)('the effect of a document: %s', (type) => {
  const { counts, countsNot, content, perPen, reason } = samples[type];
  const of4 = content([{ ...pen, quantity: 4 }]);

  it.each(counts)('%s, it counts', (status) => {
    const given = document(of4, status);
    expect(effectOf(given)).toEqual(perPen.map((one) => ({ ...one, delta: fourfold(one.delta) })));
    expect(reasonOf(given)).toBe(reason);
  });

  it.each(countsNot)('%s, it does not', (status) => {
    const given = document(of4, status);
    expect(effectOf(given)).toEqual([]);
    expect(reasonOf(given)).toBe(reason);
  });

  it('void, it gives everything back', () => {
    expect(effectOf(document(of4, 'void'))).toEqual([]);
    expect(reasonOf(document(of4, 'void'))).toBe('void');
  });

  it('of nothing, it has none', () => {
    for (const status of counts) {
      expect(effectOf(document(content([]), status))).toEqual([]);
      expect(effectOf(document(content([{ ...pen, quantity: 0 }]), status))).toEqual([]);
    }
  });

  const lines = fc.array(
    fc
      .tuple(fc.constantFrom(...sampleLevels), quantity, quantity, quantity)
      .map(([ref, all, first, second]) => ({ ...ref, quantity: all, first, second })),
  );

  it('is none when void or deleted, whatever is in it', () => {
    fc.assert(
      fc.property(lines, fc.constantFrom(...counts, ...countsNot, 'void'), (given, status) => {
        expect(effectOf(document(content(given), 'void'))).toEqual([]);
        expect(effectOf({ ...document(content(given), status), deleted: true })).toEqual([]);
      }),
      { seed },
    );
  });

  it('does not depend on the order of its lines, and has each level once, sorted, without zeros', () => {
    fc.assert(
      fc.property(lines, fc.constantFrom(...counts), (given, status) => {
        const effect = effectOf(document(content(given), status));
        expect(effectOf(document(content([...given].reverse()), status))).toEqual(effect);
        const keys = effect.map(levelKey);
        expect(keys).toEqual([...new Set(keys)].sort());
        for (const { delta } of effect) expect(Object.values(delta)).not.toContain(0);
        for (const { delta } of effect) expect(isNoChange(delta)).toBe(false);
      }),
      { seed },
    );
  });
});

function fourfold(delta: Delta): Delta {
  return Object.fromEntries(Object.entries(delta).map(([name, value]) => [name, 4 * value]));
}
