import type { Delta, DocumentType, LevelRef, Reason } from '@tallystream/contracts';
import { minus } from '@tallystream/contracts';
import type { DocumentContent, QuantityDocumentType, QuantityLine } from '../index';
import { level } from './books';

/** What a specification says of a line; each type makes of the two counts what it has counts for. */
export type SampleLine = LevelRef & Readonly<{ quantity: number; first?: number; second?: number }>;

/** One document type, as the table of the domain has it: written down again, so that the code can differ. */
export type Sample = Readonly<{
  reason: Reason;
  /** Zoho's statuses in which it moves stock … */
  counts: readonly string[];
  /** … and those in which it does not. `void` belongs to no list: it never counts, in any type. */
  countsNot: readonly string[];
  content: (lines: readonly SampleLine[]) => DocumentContent;
  /** What a line of one pen in `main` does, sorted by level. */
  perPen: readonly (LevelRef & Readonly<{ delta: Delta }>)[];
}>;

const pen = level('pen');
const ofPen = (delta: Delta) => [{ ...pen, delta }];

/** Exhaustive: a document type without a sample does not compile. */
export const samples: { readonly [T in DocumentType]: Sample } = {
  salesorder: {
    reason: 'sale_commitment',
    counts: [
      'confirmed',
      'open',
      'partially_invoiced',
      'invoiced',
      'partially_shipped',
      'shipped',
      'overdue',
    ],
    countsNot: ['draft', 'pending_approval', 'rejected', 'closed'],
    content: (lines) => ({
      type: 'salesorder',
      lines: lines.map(({ first: invoiced = 0, second: shipped = 0, ...line }) => ({
        ...line,
        invoiced,
        shipped,
        cancelled: 0,
        manuallyFulfilled: 0,
        dropshipped: 0,
      })),
    }),
    perPen: ofPen({ committed: 1, physicalCommitted: 1 }),
  },
  invoice: {
    reason: 'sale',
    counts: ['sent', 'viewed', 'approved', 'unpaid', 'partially_paid', 'overdue', 'paid'],
    countsNot: ['draft', 'pending_approval'],
    content: ofQuantities('invoice'),
    perPen: ofPen({ onHand: -1 }),
  },
  package: {
    reason: 'shipment',
    counts: ['shipped', 'delivered'],
    countsNot: ['not_shipped', 'draft', 'packed'],
    content: ofQuantities('package'),
    perPen: ofPen({ physicalOnHand: -1 }),
  },
  creditnote: {
    reason: 'customer_return',
    counts: ['open', 'closed'],
    countsNot: ['draft', 'pending_approval', 'approved'],
    content: ofQuantities('creditnote'),
    perPen: ofPen({ onHand: 1 }),
  },
  salesreturnreceive: {
    reason: 'customer_return',
    counts: ['received'],
    countsNot: ['draft', 'approved', 'not_received'],
    content: ofQuantities('salesreturnreceive'),
    perPen: ofPen({ physicalOnHand: 1 }),
  },
  bill: {
    reason: 'purchase',
    counts: ['open', 'overdue', 'partially_paid', 'paid'],
    countsNot: ['draft', 'pending_approval'],
    content: ofQuantities('bill'),
    perPen: ofPen({ onHand: 1 }),
  },
  purchase_receive: {
    reason: 'receipt',
    counts: ['received'],
    countsNot: ['in_transit', 'draft'],
    content: ofQuantities('purchase_receive'),
    perPen: ofPen({ physicalOnHand: 1 }),
  },
  vendor_credit: {
    reason: 'purchase_return',
    counts: ['open', 'closed'],
    countsNot: ['draft', 'pending_approval'],
    content: ofQuantities('vendor_credit'),
    perPen: ofPen({ onHand: -1 }),
  },
  inventory_adjustment: {
    reason: 'adjustment',
    counts: ['adjusted'],
    countsNot: ['draft', 'pending_approval'],
    content: (lines) => ({
      type: 'inventory_adjustment',
      lines: lines.map(({ quantity, first = 0, ...line }) => ({ ...line, quantity: minus(quantity, first) })),
    }),
    perPen: ofPen({ onHand: 1, physicalOnHand: 1 }),
  },
  transfer_order: {
    reason: 'transfer',
    counts: ['in_transit', 'partially_transferred', 'transferred'],
    countsNot: ['draft', 'pending_approval', 'approved'],
    content: (lines) => ({
      type: 'transfer_order',
      lines: lines.map(({ first = 0, ...line }) => ({
        ...line,
        destinationId: otherWarehouse(line).warehouseId,
        received: Math.min(first, line.quantity),
      })),
    }),
    perPen: [
      { ...pen, delta: { onHand: -1, physicalOnHand: -1 } },
      { ...level('pen', 'south'), delta: { inTransit: 1 } },
    ],
  },
  bundle: {
    reason: 'assembly',
    counts: ['completed'],
    countsNot: ['draft', 'pending', 'yet_to_start'],
    content: (lines) => ({
      type: 'bundle',
      lines: lines.flatMap(({ quantity, ...line }) => [
        { ...line, quantity },
        { ...otherItem(line), quantity: -2 * quantity },
      ]),
    }),
    perPen: [
      { ...level('ink'), delta: { onHand: -2, physicalOnHand: -2 } },
      { ...pen, delta: { onHand: 1, physicalOnHand: 1 } },
    ],
  },
};

/** Two items in two warehouses: everything that sample documents can move. */
export const sampleLevels: readonly LevelRef[] = [
  pen,
  level('ink'),
  level('pen', 'south'),
  level('ink', 'south'),
];

function ofQuantities(type: QuantityDocumentType) {
  return (lines: readonly QuantityLine[]): DocumentContent => ({
    type,
    lines: lines.map(({ itemId, warehouseId, quantity }) => ({ itemId, warehouseId, quantity })),
  });
}

function otherWarehouse({ itemId, warehouseId }: LevelRef): LevelRef {
  return level(itemId, warehouseId === 'main' ? 'south' : 'main');
}

function otherItem({ itemId, warehouseId }: LevelRef): LevelRef {
  return level(itemId === 'pen' ? 'ink' : 'pen', warehouseId);
}
