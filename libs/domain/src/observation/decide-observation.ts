import {
  addDeltas,
  applyDelta,
  type Cause,
  type Delta,
  difference,
  type Instant,
  isNoChange,
  type LevelRef,
  millisOf,
  type Quantities,
  type StockChanged,
} from '@tallystream/contracts';
import type { Level } from '../level/level';

/** What Zoho said of a level: its five quantities, read no earlier than `asOf` by Zoho's own clock. */
export type Observation = LevelRef &
  Readonly<{ sku?: string; asOf: Instant; quantities: Omit<Quantities, 'reserved'> }>;

/** Something that a document did to the level: an event of the level's own history. */
export type LevelMove = Readonly<{ delta: Delta; modifiedAt: Instant; createdAt?: Instant }>;

export type ObservationDecision = Readonly<{
  event?: StockChanged;
  /**
   * A document that existed at `asOf` changed the level around or after it: which of its versions Zoho's
   * answer holds is not certain. Look again.
   */
  lookAgain: boolean;
}>;

/**
 * Sets the level to what Zoho said, plus what newer documents did since. `moves` are the documents' events
 * on this level recorded around `asOf` and after; `reserved` is ours and survives. An observation older than
 * the level's baseline, or one that changes nothing, writes nothing.
 */
export const decideObservation = (
  level: Level,
  moves: readonly LevelMove[],
  { observation, cause }: Readonly<{ observation: Observation; cause: Cause }>,
  { trustMarginMs }: Readonly<{ trustMarginMs: number }>,
): ObservationDecision => {
  const { asOf, quantities: _seen, ...line } = observation;
  if (level.baselineAsOf && millisOf(level.baselineAsOf) >= millisOf(asOf)) return { lookAgain: false };

  const { difference: delta, because } = observedDifference(level, moves, observation, { trustMarginMs });
  const lookAgain = because !== undefined;

  if (isNoChange(delta) && !level.provisional) return { lookAgain };
  return {
    lookAgain,
    event: {
      ...line,
      revision: level.revision + 1,
      delta,
      after: applyDelta(level.quantities, delta),
      provisional: false,
      baselineAsOf: asOf,
      reason: 'observation',
      cause,
      occurredAt: asOf,
    },
  };
};

/**
 * What Zoho has more than the level, when what documents did since is added to what it said; and why that is
 * not certain, if it is not: which of a document's versions the answer holds.
 */
export const observedDifference = (
  level: Level,
  moves: readonly LevelMove[],
  { asOf, quantities }: Observation,
  { trustMarginMs }: Readonly<{ trustMarginMs: number }>,
): Readonly<{ difference: Delta; because?: string }> => {
  const at = millisOf(asOf);
  const newer = moves.filter(({ modifiedAt }) => millisOf(modifiedAt) > at);
  const since = newer.reduce<Delta>((total, { delta }) => addDeltas(total, delta), {});
  const observed: Quantities = { ...quantities, reserved: 0 };
  const { reserved: _held, ...zohoKnows } = level.quantities;
  // What documents did to `reserved` is in the level already: only the five quantities are set.
  const { reserved: _ours, ...sinceInZoho } = since;
  const isUncertain = moves.some(
    ({ modifiedAt, createdAt }) =>
      millisOf(modifiedAt) >= at - trustMarginMs &&
      (createdAt === undefined || millisOf(createdAt) <= at + trustMarginMs),
  );
  return {
    difference: difference(applyDelta(observed, sinceInZoho), zohoKnows),
    ...(isUncertain ? { because: 'a document changed the level around the time of the answer' } : {}),
  };
};
