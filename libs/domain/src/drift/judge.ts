import { createHash } from 'node:crypto';
import {
  addDeltas,
  applyDelta,
  type Cause,
  type Delta,
  type Dispute,
  type DriftDetected,
  type DriftId,
  type DriftResolved,
  difference,
  driftIdSchema,
  type Instant,
  isNoChange,
  type LevelEventInShort,
  millisOf,
  type Quantities,
  quantityNames,
  type RunId,
  type Side,
  type StockChanged,
  type StockEvent,
  sides,
} from '@tallystream/contracts';
import { type Level, review } from '../level/level';
import { type LevelMove, type Observation, observedDifference } from '../observation/decide-observation';
import { isSame, sideOf } from './sides';

/** How much may be set right without asking anybody. */
export type DriftThresholds = Readonly<{ autoMaxUnits: number; autoMaxPercent: number }>;

export type DriftPolicy = Readonly<{
  thresholds: DriftThresholds;
  /** A later sweep that sees the same may decide what is held … */
  confirm: boolean;
  /** … when it comes at least this much later, in milliseconds. */
  confirmAfterMs: number;
  /** Sides that the organisation keeps: of the others, Zoho's numbers are taken as they are. */
  sides: readonly Side[];
  trustMarginMs: number;
}>;

/** What was known when an observation was judged: all that a verdict depends on. */
export type DriftCase = Readonly<{
  level: Level;
  /** What documents did to the level around `asOf` and after. */
  moves: readonly LevelMove[];
  observation: Observation;
  /** What is still on its way for the item, in words; nothing when nothing is. */
  inFlight?: string;
  /** A document left the number open, and this observation was asked for to tell. */
  inDoubt: boolean;
  /** Documents that were missed have been looked for; those found, as `<type>:<id>`. */
  lookedUp?: readonly string[];
  /** Whether a sweep saw it, which may confirm what is held. */
  bySweep: boolean;
  runId: RunId;
  lastEvents: readonly LevelEventInShort[];
}>;

export type Verdict = Readonly<{
  kind: /** Older than what the level was set to: says nothing. */
    | 'outdated'
    | 'agree'
    /** The first observation, or one that was to tell: Zoho's number holds. */
    | 'set'
    /** Something in flight may explain it: nothing is judged. */
    | 'look-again'
    /** Nothing in flight explains it: documents that were missed may. */
    | 'search'
    | 'corrected'
    | 'held';
  /** Why to look again, in words. */
  because?: string;
  difference: Delta;
  /** To be committed together, with the level as it was judged. */
  events: readonly StockEvent[];
}>;

/** Judges what Zoho said of a level. Pure: the same case gives the same verdict, to the byte. */
export const judge = (drift: DriftCase, cause: Cause, policy: DriftPolicy): Verdict => {
  const { level, moves, observation } = drift;
  if (level.baselineAsOf && millisOf(level.baselineAsOf) >= millisOf(observation.asOf))
    return { kind: 'outdated', difference: {}, events: [] };
  const isToBeSet = level.provisional || drift.inDoubt;
  if (drift.inFlight && !isToBeSet)
    return { kind: 'look-again', because: drift.inFlight, difference: {}, events: [] };
  const observed = observedDifference(level, moves, observation, policy);
  if (isToBeSet) return set(drift, observed.difference, cause, observed.because);

  const wanted = difference(observed.difference, level.tolerated ?? {});
  if (isNoChange(wanted) && !level.disputed) return { kind: 'agree', difference: {}, events: [] };
  if (observed.because)
    return { kind: 'look-again', because: observed.because, difference: wanted, events: [] };
  if (!isNoChange(wanted) && !drift.lookedUp)
    return { kind: isHeldAlready(drift, wanted) ? 'held' : 'search', difference: wanted, events: [] };
  return decided(drift, wanted, cause, policy);
};

const set = (drift: DriftCase, delta: Delta, cause: Cause, because: string | undefined): Verdict => {
  const { level, observation } = drift;
  const settled = { ...level, disputed: [] };
  const isNothing = isNoChange(delta) && !level.provisional && !level.disputed;
  const resolved = (level.disputed ?? []).map((dispute) => ended(drift, dispute, 'vanished', cause));
  const event = nextEvent(settled, observation, delta, 'observation', observation.asOf, cause);
  return {
    kind: 'set',
    difference: delta,
    events: isNothing ? [] : [{ type: 'StockChanged', data: event }, ...resolved],
    ...(because ? { because } : {}),
  };
};

/** What comes of one side. */
type Outcome = Readonly<{
  delta: Delta;
  disputed: readonly Dispute[];
  detected: readonly StockEvent[];
  resolved: readonly StockEvent[];
}>;

const unchanged: Outcome = { delta: {}, disputed: [], detected: [], resolved: [] };

const decided = (drift: DriftCase, wanted: Delta, cause: Cause, policy: DriftPolicy): Verdict => {
  const { level, observation } = drift;
  const outcomes = sides.map((side) => outcomeOf(drift, side, sideOf(wanted, side), cause, policy));
  const delta = outcomes.reduce<Delta>((total, outcome) => addDeltas(total, outcome.delta), {});
  const disputed = outcomes.flatMap((outcome) => outcome.disputed);
  const detected = outcomes.flatMap((outcome) => outcome.detected);
  const resolved = outcomes.flatMap((outcome) => outcome.resolved);
  const kind = disputed.length > 0 ? 'held' : isNoChange(delta) ? 'agree' : 'corrected';
  const isMoved = !isNoChange(delta) || detected.length > 0 || resolved.length > 0;
  if (!isMoved) return { kind, difference: wanted, events: [] };
  // A level whose number was not taken over keeps its baseline: a late document still counts by its delta.
  const baseline = isNoChange(delta) ? level.baselineAsOf : observation.asOf;
  const event = nextEvent({ ...level, disputed }, observation, delta, 'reconciliation', baseline, cause);
  return {
    kind,
    difference: wanted,
    events: [...detected, { type: 'StockChanged', data: event }, ...resolved],
  };
};

const outcomeOf = (
  drift: DriftCase,
  side: Side,
  wanted: Delta,
  cause: Cause,
  policy: DriftPolicy,
): Outcome => {
  const { level, observation } = drift;
  const open = level.disputed?.find((dispute) => dispute.side === side);
  const close = (how: DriftResolved['resolution']) => (open ? [ended(drift, open, how, cause)] : []);
  if (isNoChange(wanted)) return { ...unchanged, resolved: close('vanished') };
  if (!policy.sides.includes(side)) return { ...unchanged, delta: wanted, resolved: close('vanished') };
  if (isSmall(wanted, level.quantities, policy.thresholds)) {
    if (open) return { ...unchanged, delta: wanted, resolved: close('corrected') };
    const found = detectedDrift(drift, side, wanted, 'corrected', cause);
    return {
      ...unchanged,
      delta: wanted,
      detected: [{ type: 'DriftDetected', data: found }],
      resolved: [ended(drift, found, 'corrected', cause)],
    };
  }
  if (open && isConfirmed(drift, open, wanted, policy))
    return { ...unchanged, delta: wanted, resolved: close('confirmed') };
  const zoho = sideOf({ ...observation.quantities }, side);
  if (open) {
    const isAsItWas = isSame(open.difference, wanted, side) || isSame(open.zoho, zoho, side);
    if (isAsItWas) return { ...unchanged, disputed: [open] };
  }
  const found = detectedDrift(drift, side, wanted, 'held', cause);
  const { driftId } = found;
  return {
    ...unchanged,
    disputed: [{ driftId, side, difference: wanted, zoho, since: observation.asOf }],
    detected: [{ type: 'DriftDetected', data: found }],
    // Another difference is another drift, with its own evidence.
    resolved: close('vanished'),
  };
};

/** Documents were searched for when it was found; only a sweep searches again. */
const isHeldAlready = ({ level, bySweep }: DriftCase, wanted: Delta): boolean =>
  !bySweep &&
  sides.every((side) => {
    const open = level.disputed?.find((dispute) => dispute.side === side);
    return isSame(wanted, open?.difference ?? {}, side);
  });

/** A later sweep sees exactly the same number, or exactly the same difference: documents moved both. */
const isConfirmed = (
  { observation, bySweep }: DriftCase,
  open: Dispute,
  wanted: Delta,
  { confirm, confirmAfterMs }: DriftPolicy,
): boolean => {
  if (!confirm || !bySweep) return false;
  const later = millisOf(observation.asOf) - millisOf(open.since);
  const zoho = sideOf({ ...observation.quantities }, open.side);
  const isSameAgain = isSame(open.zoho, zoho, open.side) || isSame(open.difference, wanted, open.side);
  return later > 0 && later >= confirmAfterMs && isSameAgain;
};

/** Every quantity by at most one unit, or by few units that are a small part of the level. */
const isSmall = (
  wanted: Delta,
  level: Quantities,
  { autoMaxUnits, autoMaxPercent }: DriftThresholds,
): boolean =>
  quantityNames.every((name) => {
    const units = Math.abs(wanted[name] ?? 0);
    return units <= 1 || (units <= autoMaxUnits && units * 100 <= autoMaxPercent * Math.abs(level[name]));
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

const detectedDrift = (
  { level, observation, runId, lookedUp, lastEvents }: DriftCase,
  side: Side,
  wanted: Delta,
  verdict: DriftDetected['verdict'],
  cause: Cause,
): DriftDetected => ({
  driftId: driftIdOf(observation, side),
  itemId: observation.itemId,
  warehouseId: observation.warehouseId,
  ...(observation.sku ? { sku: observation.sku } : {}),
  side,
  verdict,
  difference: wanted,
  zoho: { ...observation.quantities, reserved: 0 },
  ledger: level.quantities,
  revision: level.revision,
  asOf: observation.asOf,
  runId,
  lookedUp: lookedUp ?? [],
  lastEvents,
  cause,
  occurredAt: observation.asOf,
});

const ended = (
  { observation }: Pick<DriftCase, 'observation'>,
  { driftId, side }: Pick<Dispute, 'driftId' | 'side'>,
  resolution: DriftResolved['resolution'],
  cause: Cause,
): StockEvent => ({
  type: 'DriftResolved',
  data: {
    driftId,
    itemId: observation.itemId,
    warehouseId: observation.warehouseId,
    ...(observation.sku ? { sku: observation.sku } : {}),
    side,
    resolution,
    asOf: observation.asOf,
    cause,
    occurredAt: observation.asOf,
  },
});

/** The same observation of the same level finds the same drift, however often it is judged. */
const driftIdOf = ({ warehouseId, itemId, asOf }: Observation, side: Side): DriftId =>
  driftIdSchema.parse(
    createHash('sha256').update([warehouseId, itemId, side, asOf].join('\n')).digest('hex').slice(0, 24),
  );
