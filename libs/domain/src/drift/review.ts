import {
  addDeltas,
  applyDelta,
  type Cause,
  type Delta,
  type Dispute,
  type DriftId,
  type DriftResolved,
  difference,
  type Instant,
  isNoChange,
  type LevelRef,
  millisOf,
  type StockChanged,
  type StockEvent,
  zero,
} from '@tallystream/contracts';
import { type Level, review } from '../level/level';
import { type LevelMove, observedDifference } from '../observation/decide-observation';
import { sideOf } from './sides';

/** What somebody made of a drift that was held. */
export type Decision = Readonly<{
  driftId: DriftId;
  resolution: 'approved' | 'rejected';
  note?: string;
  at: Instant;
}>;

/** What documents did to the level since the drift was found, too, so that none counts twice. */
export type ReviewedLevel = Readonly<{ ref: LevelRef; level: Level; moves: readonly LevelMove[] }>;

/**
 * Approving takes Zoho's number over, as it was observed and as documents moved it since, whatever was rejected
 * before. Rejecting keeps ours: the difference is not asked about again. Nothing when the drift is not open any
 * more.
 */
export const decideReview = (
  { ref, level, moves }: ReviewedLevel,
  decision: Decision,
  cause: Cause,
): readonly StockEvent[] | undefined => {
  const dispute = level.disputed?.find(({ driftId }) => driftId === decision.driftId);
  if (!dispute) return undefined;
  const apart = differenceNow(level, moves, ref, dispute);
  const isApproved = decision.resolution === 'approved';
  const delta = isApproved ? apart : {};
  const otherSide = difference(level.tolerated ?? {}, sideOf(level.tolerated ?? {}, dispute.side));
  const next: Level = {
    ...level,
    disputed: level.disputed?.filter((other) => other !== dispute) ?? [],
    tolerated: isApproved ? otherSide : addDeltas(otherSide, apart),
  };
  const baselineAsOf =
    isApproved && !isNoChange(delta) ? later(level.baselineAsOf, dispute.since) : level.baselineAsOf;
  const changed: StockChanged = {
    ...ref,
    revision: level.revision + 1,
    delta,
    after: applyDelta(level.quantities, delta),
    provisional: level.provisional,
    ...(baselineAsOf ? { baselineAsOf } : {}),
    ...review(next),
    reason: 'reconciliation',
    cause,
    occurredAt: decision.at,
  };
  const resolved: DriftResolved = {
    driftId: dispute.driftId,
    ...ref,
    side: dispute.side,
    resolution: decision.resolution,
    ...(decision.note ? { note: decision.note } : {}),
    ...(isApproved ? { asOf: dispute.since } : {}),
    cause,
    occurredAt: decision.at,
  };
  return [
    { type: 'StockChanged', data: changed },
    { type: 'DriftResolved', data: resolved },
  ];
};

/** Zoho's number less ours: a late document from before the observation has explained a part of it meanwhile. */
const differenceNow = (
  level: Level,
  moves: readonly LevelMove[],
  ref: LevelRef,
  { side, since, zoho }: Dispute,
): Delta => {
  const { reserved: _ours, ...quantities } = { ...zero, ...level.quantities, ...zoho };
  const observation = { ...ref, asOf: since, quantities };
  const observed = observedDifference(level, moves, observation, { trustMarginMs: 0 });
  return sideOf(observed.difference, side);
};

const later = (a: Instant | undefined, b: Instant): Instant => (a && millisOf(a) > millisOf(b) ? a : b);
