import {
  addDeltas,
  type Delta,
  type DocumentType,
  isNoChange,
  levelKey,
  minus,
  negate,
  type Reason,
  sum,
} from '@tallystream/contracts';
import type {
  DocumentOf,
  Line,
  OrderLine,
  QuantityLine,
  StockDocument,
  TransferLine,
} from './stock-document';

/** What a document does to one level. */
export type LevelEffect = Line & Readonly<{ delta: Delta }>;

type DocumentEffect<T extends DocumentType> = Readonly<{
  reason: Reason;
  /** Statuses in which the document moves stock. */
  counts: (status: string) => boolean;
  moves: (document: DocumentOf<T>) => readonly LevelEffect[];
}>;

/** The table of effects: adding a document type is one entry here, one parser in libs/zoho, one test. */
const documentEffects: { readonly [T in DocumentType]: DocumentEffect<T> } = {
  salesorder: {
    reason: 'sale_commitment',
    counts: unless('draft', 'pending_approval', 'rejected', 'void', 'closed'),
    moves: ({ lines }) => lines.map((line) => moved(line, commitmentOf(line))),
  },
  invoice: {
    reason: 'sale',
    counts: unless('draft', 'pending_approval', 'void'),
    moves: each(({ quantity }) => ({ onHand: negate(quantity) })),
  },
  package: {
    reason: 'shipment',
    counts: only('shipped', 'delivered'),
    moves: each(({ quantity }) => ({ physicalOnHand: negate(quantity) })),
  },
  creditnote: {
    reason: 'customer_return',
    counts: only('open', 'closed'),
    moves: each(({ quantity }) => ({ onHand: quantity })),
  },
  salesreturnreceive: {
    reason: 'customer_return',
    counts: only('received'),
    moves: each(({ quantity }) => ({ physicalOnHand: quantity })),
  },
  bill: {
    reason: 'purchase',
    counts: only('open', 'overdue', 'partially_paid', 'paid'),
    moves: each(({ quantity }) => ({ onHand: quantity })),
  },
  purchase_receive: {
    reason: 'receipt',
    counts: only('received'),
    moves: each(({ quantity }) => ({ physicalOnHand: quantity })),
  },
  vendor_credit: {
    reason: 'purchase_return',
    counts: only('open', 'closed'),
    moves: each(({ quantity }) => ({ onHand: negate(quantity) })),
  },
  inventory_adjustment: {
    reason: 'adjustment',
    counts: only('adjusted'),
    moves: each(({ quantity }) => bothLedgers(quantity)),
  },
  transfer_order: {
    reason: 'transfer',
    counts: only('in_transit', 'partially_transferred', 'transferred'),
    moves: ({ lines }) => lines.flatMap(transferred),
  },
  bundle: {
    reason: 'assembly',
    counts: only('completed'),
    moves: each(({ quantity }) => bothLedgers(quantity)),
  },
};

/**
 * The effect of a document's current content, one entry per level, sorted by level, zeros left out.
 * Applying a document means applying this minus the effect applied before.
 */
export const effectOf = (document: StockDocument): readonly LevelEffect[] => {
  if (document.deleted || !documentEffects[document.type].counts(document.status)) return [];
  return sumPerLevel(movesOf(document));
};

/** Every level that the document names, whether or not it counts now: an earlier version may have moved it. */
export const touchedLevels = (document: StockDocument): readonly Line[] =>
  document.type === 'transfer_order' ? document.lines.flatMap(endsOf) : document.lines.map(lineOf);

/** Why the document moves stock. */
export const reasonOf = (document: StockDocument): Reason =>
  document.deleted || document.status === 'void' ? 'void' : documentEffects[document.type].reason;

function movesOf<T extends DocumentType>(document: DocumentOf<T>): readonly LevelEffect[] {
  const effect: DocumentEffect<T> = documentEffects[document.type as T];
  return effect.moves(document);
}

function sumPerLevel(moves: readonly LevelEffect[]): readonly LevelEffect[] {
  const levels = new Map<string, LevelEffect>();
  for (const move of moves) {
    const key = levelKey(move);
    const before = levels.get(key);
    levels.set(key, before ? { ...before, delta: addDeltas(before.delta, move.delta) } : move);
  }
  return [...levels.entries()]
    .filter(([, effect]) => !isNoChange(effect.delta))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, effect]) => effect);
}

function moved(line: Line, delta: Delta): LevelEffect {
  return { delta: addDeltas(delta, {}), ...lineOf(line) };
}

function lineOf({ itemId, warehouseId, sku }: Line): Line {
  return sku ? { itemId, warehouseId, sku } : { itemId, warehouseId };
}

function endsOf(line: TransferLine): readonly Line[] {
  return [lineOf(line), lineOf({ ...line, warehouseId: line.destinationId })];
}

function each(deltaOf: (line: QuantityLine) => Delta) {
  return ({ lines }: Readonly<{ lines: readonly QuantityLine[] }>): readonly LevelEffect[] =>
    lines.map((line) => moved(line, deltaOf(line)));
}

function commitmentOf(line: OrderLine): Delta {
  const { quantity, invoiced, cancelled, shipped, manuallyFulfilled, dropshipped } = line;
  return {
    committed: atLeastZero(minus(quantity, sum(invoiced, cancelled))),
    physicalCommitted: atLeastZero(minus(quantity, sum(shipped, manuallyFulfilled, cancelled, dropshipped))),
  };
}

/** A transfer moves, never creates: what left the source is on its way or has arrived. */
function transferred({ destinationId, quantity, received, ...line }: TransferLine): readonly LevelEffect[] {
  return [
    moved(line, bothLedgers(negate(quantity))),
    moved(
      { ...line, warehouseId: destinationId },
      { ...bothLedgers(received), inTransit: minus(quantity, received) },
    ),
  ];
}

function bothLedgers(quantity: number): Delta {
  return { onHand: quantity, physicalOnHand: quantity };
}

function atLeastZero(value: number): number {
  return Math.max(0, value);
}

function unless(...statuses: readonly string[]): (status: string) => boolean {
  return (status) => !statuses.includes(status);
}

function only(...statuses: readonly string[]): (status: string) => boolean {
  return (status) => statuses.includes(status);
}
