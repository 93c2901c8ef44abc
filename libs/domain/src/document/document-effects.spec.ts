import type { Delta, Reason } from '@tallystream/contracts';
import { at, documentId, level } from '../spec/books';
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
const of5 = { lines: [{ ...pen, quantity: 5 }] } as const;

type Row = readonly [
  given: string,
  content: DocumentContent,
  status: string,
  then: Delta | undefined,
  why: Reason,
];

const invoice: DocumentContent = { type: 'invoice', ...of5 };
const bill: DocumentContent = { type: 'bill', ...of5 };
const adjustment: DocumentContent = { type: 'inventory_adjustment', lines: [{ ...pen, quantity: -2.5 }] };

const rows: readonly Row[] = [
  ['an invoice that was sent', invoice, 'sent', { onHand: -5 }, 'sale'],
  ['an overdue invoice', invoice, 'overdue', { onHand: -5 }, 'sale'],
  ['a draft invoice', invoice, 'draft', undefined, 'sale'],
  ['an invoice waiting for approval', invoice, 'pending_approval', undefined, 'sale'],
  ['a void invoice', invoice, 'void', undefined, 'void'],
  ['an open bill', bill, 'open', { onHand: 5 }, 'purchase'],
  ['an overdue bill', bill, 'overdue', { onHand: 5 }, 'purchase'],
  ['a partially paid bill', bill, 'partially_paid', { onHand: 5 }, 'purchase'],
  ['a paid bill', bill, 'paid', { onHand: 5 }, 'purchase'],
  ['a draft bill', bill, 'draft', undefined, 'purchase'],
  ['a void bill', bill, 'void', undefined, 'void'],
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
  ['a draft order', order({ quantity: 5 }), 'draft', undefined, 'sale_commitment'],
  ['a rejected order', order({ quantity: 5 }), 'rejected', undefined, 'sale_commitment'],
  ['a closed order', order({ quantity: 5 }), 'closed', undefined, 'sale_commitment'],
  ['a void order', order({ quantity: 5 }), 'void', undefined, 'void'],
  ['an adjustment by quantity', adjustment, 'adjusted', { onHand: -2.5, physicalOnHand: -2.5 }, 'adjustment'],
  ['a draft adjustment', adjustment, 'draft', undefined, 'adjustment'],
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
    expect(touchedLevels(document(invoice, 'void'))).toEqual([pen]);
  });
});
