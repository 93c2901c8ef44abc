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
import type { DocumentOf, Line, OrderLine, QuantityLine, StockDocument } from './stock-document';

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
    moves: ({ lines }) => lines.map((line) => moved(line, { onHand: negate(line.quantity) })),
  },
  bill: {
    reason: 'purchase',
    counts: only('open', 'overdue', 'partially_paid', 'paid'),
    moves: ({ lines }) => lines.map((line) => moved(line, { onHand: line.quantity })),
  },
  inventory_adjustment: {
    reason: 'adjustment',
    counts: only('adjusted'),
    moves: ({ lines }) => lines.map(adjusted),
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
  movesOf(document).map(({ delta, ...line }) => line);

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

function moved({ itemId, warehouseId, sku }: Line, delta: Delta): LevelEffect {
  return { itemId, warehouseId, delta: addDeltas(delta, {}), ...(sku ? { sku } : {}) };
}

function commitmentOf(line: OrderLine): Delta {
  const { quantity, invoiced, cancelled, shipped, manuallyFulfilled, dropshipped } = line;
  return {
    committed: atLeastZero(minus(quantity, sum(invoiced, cancelled))),
    physicalCommitted: atLeastZero(minus(quantity, sum(shipped, manuallyFulfilled, cancelled, dropshipped))),
  };
}

function adjusted(line: QuantityLine): LevelEffect {
  return moved(line, { onHand: line.quantity, physicalOnHand: line.quantity });
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
