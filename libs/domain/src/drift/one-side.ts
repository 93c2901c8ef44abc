import {
  type Cause,
  type Delta,
  type Dispute,
  type DriftResolved,
  isNoChange,
  millisOf,
  type Quantities,
  quantityNames,
  type StockEvent,
} from '@tallystream/contracts';
import type { DriftCase, DriftPolicy, DriftThresholds } from './drift-case';
import { detectedDrift, resolvedDrift } from './drift-events';
import type { Gap } from './gap';
import { isSame, sideOf } from './sides';

/** What comes of one side. */
export type Outcome = Readonly<{
  /** `taken`: as Zoho says, on a side that nobody keeps. */
  kind: 'agree' | 'taken' | 'corrected' | 'held';
  delta: Delta;
  disputed: readonly Dispute[];
  detected: readonly StockEvent[];
  resolved: readonly StockEvent[];
}>;

const nothing = { delta: {}, disputed: [], detected: [], resolved: [] } as const;

/** Decides on one side what nothing in flight and no document explains. */
export const outcomeOf = (drift: DriftCase, gap: Gap, cause: Cause, policy: DriftPolicy): Outcome => {
  const { level, observation } = drift;
  const { side, wanted } = gap;
  const open = level.disputed?.find((dispute) => dispute.side === side);
  const close = (how: DriftResolved['resolution']) => (open ? [resolvedDrift(drift, open, how, cause)] : []);
  if (isNoChange(wanted)) return { ...nothing, kind: 'agree', resolved: close('vanished') };
  if (!policy.sides.includes(side))
    return { ...nothing, kind: 'taken', delta: wanted, resolved: close('corrected') };
  if (isSmall(wanted, level.quantities, policy.thresholds)) {
    if (open) return { ...nothing, kind: 'corrected', delta: wanted, resolved: close('corrected') };
    const found = detectedDrift(drift, gap, 'corrected', cause);
    return {
      ...nothing,
      kind: 'corrected',
      delta: wanted,
      detected: [{ type: 'DriftDetected', data: found }],
      resolved: [resolvedDrift(drift, found, 'corrected', cause)],
    };
  }
  const zoho = sideOf({ ...observation.quantities }, side);
  const isAsItWas =
    open !== undefined && (isSame(open.difference, wanted, side) || isSame(open.zoho, zoho, side));
  if (isAsItWas && isConfirmable(drift, open, policy))
    return { ...nothing, kind: 'corrected', delta: wanted, resolved: close('confirmed') };
  // Readers sell by how far both are apart now: a late document may have moved us alone.
  if (isAsItWas) {
    const dispute = isSame(open.difference, wanted, side) ? open : { ...open, difference: wanted };
    return { ...nothing, kind: 'held', disputed: [dispute] };
  }
  const found = detectedDrift(drift, gap, 'held', cause);
  const { driftId } = found;
  return {
    ...nothing,
    kind: 'held',
    disputed: [{ driftId, side, difference: wanted, zoho, since: observation.asOf }],
    detected: [{ type: 'DriftDetected', data: found }],
    // Another difference is another drift, with its own evidence.
    resolved: close('vanished'),
  };
};

/** By a later sweep, as Zoho's clock has it. */
const isConfirmable = (
  { observation, bySweep }: DriftCase,
  open: Dispute,
  { confirm, confirmAfterMs }: DriftPolicy,
): boolean => {
  const later = millisOf(observation.asOf) - millisOf(open.since);
  return confirm && bySweep && later > 0 && later >= confirmAfterMs;
};

/** Every quantity by at most one unit, or by few units that are a small part of the level. */
const isSmall = (
  wanted: Delta,
  level: Quantities,
  { autoMaxUnits, autoMaxPercent }: DriftThresholds,
): boolean =>
  quantityNames.every((name) => {
    const units = Math.abs(wanted[name] ?? 0);
    // In whole numbers: 1.1 is 20 % of 5.5, which floating point denies.
    const isSmallPart = Math.round(units * 1e8) <= Math.round(autoMaxPercent * Math.abs(level[name]) * 1e6);
    return units <= 1 || (units <= autoMaxUnits && isSmallPart);
  });
