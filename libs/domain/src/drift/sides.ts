import type { Delta, QuantityName, Side } from '@tallystream/contracts';

/** Which quantities Zoho counts on which side. */
const quantitiesOf: Readonly<Record<Side, readonly QuantityName[]>> = {
  accounting: ['onHand', 'committed', 'inTransit'],
  physical: ['physicalOnHand', 'physicalCommitted'],
};

/** The part of a delta, or of a level, that lies on one side. */
export const sideOf = (delta: Delta, side: Side): Delta =>
  Object.fromEntries(
    quantitiesOf[side].flatMap((name) => (delta[name] === undefined ? [] : [[name, delta[name]]])),
  );

export const isSame = (a: Delta, b: Delta, side: Side): boolean =>
  quantitiesOf[side].every((name) => (a[name] ?? 0) === (b[name] ?? 0));
