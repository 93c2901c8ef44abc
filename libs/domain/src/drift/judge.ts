import {
  addDeltas,
  applyDelta,
  type Cause,
  type Delta,
  difference,
  type Instant,
  isNoChange,
  millisOf,
  type StockChanged,
  sides,
} from '@tallystream/contracts';
import { type Level, review } from '../level/level';
import { type Observation, observedDifference } from '../observation/decide-observation';
import type { DriftCase, DriftPolicy, Verdict } from './drift-case';
import { type Gap, gapOn } from './gap';
import { type Outcome, outcomeOf } from './one-side';
import { isSame } from './sides';

/** Judges what Zoho said of a level. Pure: the same case gives the same verdict, to the byte. */
export const judge = (drift: DriftCase, cause: Cause, policy: DriftPolicy): Verdict => {
  const { level, moves, observation } = drift;
  if (isOutdated(level, observation)) return { kind: 'outdated', difference: {}, events: [] };
  // What waits for a decision is not decided by a webhook that leaves its number open.
  const isToBeSet = level.provisional || (drift.inDoubt && !level.disputed);
  if (drift.inFlight && !isToBeSet)
    return { kind: 'look-again', because: drift.inFlight, difference: {}, events: [] };
  const observed = observedDifference(level, moves, observation, policy);
  const gaps = sides.map((side) => gapOn(side, observed.difference, level.tolerated ?? {}, policy));
  const wanted = total(gaps.map((gap) => gap.wanted));
  if (isToBeSet) return set(drift, gaps, cause, observed.because);

  if (isNoChange(wanted) && !level.disputed && isStillTolerated(level, gaps))
    return { kind: 'agree', difference: {}, events: [] };
  if (observed.because)
    return { kind: 'look-again', because: observed.because, difference: wanted, events: [] };
  const isDrift = gaps.some((gap) => policy.sides.includes(gap.side) && !isNoChange(gap.wanted));
  if (isDrift && !drift.lookedUp)
    return { kind: isHeldAlready(drift, gaps) ? 'held' : 'search', difference: wanted, events: [] };
  return decided(drift, gaps, cause, policy);
};

/** Older than what set the level, or than what is held. Within one second nobody can say which came first. */
const isOutdated = ({ baselineAsOf, disputed = [] }: Level, { asOf, quantities }: Observation): boolean => {
  const at = millisOf(asOf);
  if (baselineAsOf && millisOf(baselineAsOf) >= at) return true;
  return disputed.some(({ side, since, zoho }) => {
    const found = millisOf(since);
    return found > at || (found === at && !isSame(zoho, quantities, side));
  });
};

const set = (drift: DriftCase, gaps: readonly Gap[], cause: Cause, because: string | undefined): Verdict => {
  const { level, observation } = drift;
  const delta = total(gaps.map((gap) => gap.wanted));
  const next = { ...level, tolerated: total(gaps.map((gap) => gap.tolerated)) };
  const isNothing = isNoChange(delta) && !level.provisional && isStillTolerated(level, gaps);
  const event = nextEvent(next, observation, delta, 'observation', observation.asOf, cause);
  return {
    kind: 'set',
    difference: delta,
    events: isNothing ? [] : [{ type: 'StockChanged', data: event }],
    ...(because ? { because } : {}),
  };
};

const decided = (drift: DriftCase, gaps: readonly Gap[], cause: Cause, policy: DriftPolicy): Verdict => {
  const { level, observation } = drift;
  const outcomes = gaps.map((gap) => outcomeOf(drift, gap, cause, policy));
  const kind = kindOf(outcomes);
  const wanted = total(gaps.map((gap) => gap.wanted));
  const delta = total(outcomes.map((outcome) => outcome.delta));
  const disputed = outcomes.flatMap((outcome) => outcome.disputed);
  const isReviewed =
    disputed.length !== (level.disputed ?? []).length ||
    disputed.some((dispute) => !level.disputed?.includes(dispute)) ||
    !isStillTolerated(level, gaps);
  if (isNoChange(delta) && !isReviewed) return { kind, difference: wanted, events: [] };
  const next: Level = { ...level, disputed, tolerated: total(gaps.map((gap) => gap.tolerated)) };
  const reason = kind === 'set' ? 'observation' : 'reconciliation';
  // A level whose number was not taken over keeps its baseline: a late document still counts by its delta.
  const baseline = isNoChange(delta) ? level.baselineAsOf : observation.asOf;
  const event = nextEvent(next, observation, delta, reason, baseline, cause);
  return {
    kind,
    difference: wanted,
    events: [
      ...outcomes.flatMap((outcome) => outcome.detected),
      { type: 'StockChanged', data: event },
      ...outcomes.flatMap((outcome) => outcome.resolved),
    ],
  };
};

const kindOf = (outcomes: readonly Outcome[]): Verdict['kind'] => {
  const has = (kind: Outcome['kind']) => outcomes.some((outcome) => outcome.kind === kind);
  if (has('held')) return 'held';
  if (has('corrected')) return 'corrected';
  return has('taken') ? 'set' : 'agree';
};

const total = (deltas: readonly Delta[]): Delta => deltas.reduce<Delta>(addDeltas, {});

const isStillTolerated = (level: Level, gaps: readonly Gap[]): boolean =>
  isNoChange(difference(level.tolerated ?? {}, total(gaps.map((gap) => gap.tolerated))));

/** Documents were searched for when it was found; only a sweep searches again. */
const isHeldAlready = ({ level, bySweep }: DriftCase, gaps: readonly Gap[]): boolean =>
  !bySweep &&
  gaps.every(({ side, wanted }) => {
    const open = level.disputed?.find((dispute) => dispute.side === side);
    return isSame(wanted, open?.difference ?? {}, side);
  });

const nextEvent = (
  level: Level,
  { itemId, warehouseId, sku, asOf }: Observation,
  delta: Delta,
  reason: StockChanged['reason'],
  baselineAsOf: Instant | undefined,
  cause: Cause,
): StockChanged => ({
  itemId,
  warehouseId,
  ...(sku ? { sku } : {}),
  revision: level.revision + 1,
  delta,
  after: applyDelta(level.quantities, delta),
  provisional: false,
  ...(baselineAsOf ? { baselineAsOf } : {}),
  ...review(level),
  reason,
  cause,
  occurredAt: asOf,
});
