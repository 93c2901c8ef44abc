import { type Delta, difference, quantityNames, type Side, sum } from '@tallystream/contracts';
import { sideOf } from './sides';

/** How far Zoho is from us on one side, as far as that is to be judged. */
export type Gap = Readonly<{
  side: Side;
  /** Zoho's number less ours, and less what is tolerated. */
  wanted: Delta;
  /** What goes on being tolerated, because somebody rejected it. */
  tolerated: Delta;
}>;

/**
 * Counted from what was rejected, or from Zoho's number, whichever is nearer: where Zoho has come over to us,
 * what was rejected is over. A side that the organisation does not keep is as Zoho says.
 */
export const gapOn = (
  side: Side,
  observed: Delta,
  rejected: Delta,
  { sides }: Readonly<{ sides: readonly Side[] }>,
): Gap => {
  const whole = sideOf(observed, side);
  const tolerated = sideOf(rejected, side);
  const rest = difference(whole, tolerated);
  if (!sides.includes(side) || unitsIn(whole) <= unitsIn(rest)) return { side, wanted: whole, tolerated: {} };
  return { side, wanted: rest, tolerated };
};

const unitsIn = (delta: Delta): number => sum(...quantityNames.map((name) => Math.abs(delta[name] ?? 0)));
