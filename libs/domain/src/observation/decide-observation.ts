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
  const { asOf, quantities, ...line } = observation;
  const at = millisOf(asOf);
  if (level.baselineAsOf && millisOf(level.baselineAsOf) >= at) return { lookAgain: false };

  const newer = moves.filter(({ modifiedAt }) => millisOf(modifiedAt) > at);
  const since = newer.reduce<Delta>((total, { delta }) => addDeltas(total, delta), {});
  const observed: Quantities = { ...quantities, reserved: 0 };
  const { reserved, ...zohoKnows } = level.quantities;
  // What documents did to `reserved` is in the level already: only the five quantities are set.
  const { reserved: _ours, ...sinceInZoho } = since;
  const delta = difference(applyDelta(observed, sinceInZoho), zohoKnows);
  const lookAgain = moves.some(
    ({ modifiedAt, createdAt }) =>
      millisOf(modifiedAt) >= at - trustMarginMs &&
      (createdAt === undefined || millisOf(createdAt) <= at + trustMarginMs),
  );

  if (isNoChange(delta) && !level.provisional) return { lookAgain };
  return {
    lookAgain,
    event: {
      ...line,
      revision: level.revision + 1,
      delta,
      after: applyDelta({ ...zohoKnows, reserved }, delta),
      provisional: false,
      baselineAsOf: asOf,
      reason: 'observation',
      cause,
      occurredAt: asOf,
    },
  };
};
