import {
  applyDelta,
  type Delta,
  type Dispute,
  type Instant,
  isNoChange,
  type Quantities,
  type StockChanged,
  zero,
} from '@tallystream/contracts';

/** The state of one stock level. Its newest `StockChanged` is its state: see `evolve`. */
export type Level = Readonly<{
  revision: number;
  quantities: Quantities;
  /** Zoho's time of the last observation that wrote the level. */
  baselineAsOf?: Instant;
  /** Never observed: it gathers deltas, but nobody may read it as a number. */
  provisional: boolean;
  /** Drifts that are held for review. */
  disputed?: readonly Dispute[];
  /** What Zoho may have more than we, after somebody said so. */
  tolerated?: Delta;
}>;

export const unknownLevel: Level = { revision: 0, quantities: zero, provisional: true };

export const evolve = (level: Level, event: StockChanged): Level => {
  const { revision, after: quantities, provisional } = event;
  const baselineAsOf = event.baselineAsOf ?? level.baselineAsOf;
  const state: Level = baselineAsOf
    ? { revision, quantities, provisional, baselineAsOf }
    : { revision, quantities, provisional };
  return event.disputed || event.tolerated ? { ...state, ...review(event) } : state;
};

/** What of a level waits for a decision, or was decided: it stays as it is while documents move the level. */
export const review = ({
  disputed,
  tolerated,
}: Pick<Level, 'disputed' | 'tolerated'>): Pick<Level, 'disputed' | 'tolerated'> => ({
  ...(disputed && disputed.length > 0 ? { disputed } : {}),
  ...(tolerated && !isNoChange(tolerated) ? { tolerated } : {}),
});

/** Who moved the level, and why: what a `StockChanged` carries beside the level and the numbers. */
export type Circumstances = Pick<StockChanged, 'reason' | 'document' | 'cause' | 'occurredAt'>;

/** The next event of a level, or nothing when the delta is none. */
export const moveLevel = (
  level: Level,
  delta: Delta,
  line: Pick<StockChanged, 'itemId' | 'warehouseId' | 'sku'>,
  why: Circumstances,
): StockChanged | undefined =>
  isNoChange(delta)
    ? undefined
    : {
        // No spread first: an object that begins with one and goes on takes V8 many times as long (Node 20).
        itemId: line.itemId,
        warehouseId: line.warehouseId,
        ...(line.sku ? { sku: line.sku } : {}),
        revision: level.revision + 1,
        delta,
        after: applyDelta(level.quantities, delta),
        provisional: level.provisional,
        ...(level.baselineAsOf ? { baselineAsOf: level.baselineAsOf } : {}),
        ...review(level),
        ...why,
      };
