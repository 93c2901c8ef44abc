import { z } from 'zod';

/**
 * Quantities are JSON numbers of at most 6 decimals. Sums go through whole millionths: 0.1 + 0.2 is 0.3.
 * The way there and back is exact up to 2³² units; beyond, the product is a double too coarse to round.
 */
const MILLIONTHS = 1_000_000;
const MAX_MILLIONTHS = 2 ** 32 * MILLIONTHS;
export const MAX_QUANTITY = 1_000_000_000;

export const quantityNames = [
  'onHand',
  'committed',
  'physicalOnHand',
  'physicalCommitted',
  'inTransit',
  'reserved',
] as const;
export type QuantityName = (typeof quantityNames)[number];
/** The state of a level, in units of the item. Each quantity may be negative or fractional. */
export type Quantities = Readonly<Record<QuantityName, number>>;
/** A change of a level; quantities that do not change are absent. */
export type Delta = Readonly<Partial<Record<QuantityName, number>>>;

const quantity = z.number();
export const quantitiesSchema = z.object({
  onHand: quantity,
  committed: quantity,
  physicalOnHand: quantity,
  physicalCommitted: quantity,
  inTransit: quantity,
  reserved: quantity,
});
export const deltaSchema = quantitiesSchema.partial();

export const zero: Quantities = {
  onHand: 0,
  committed: 0,
  physicalOnHand: 0,
  physicalCommitted: 0,
  inTransit: 0,
  reserved: 0,
};

/** A sum left the range in which it is exact. Whoever caused it must be refused. */
export class QuantityOverflow extends Error {
  constructor(readonly value: number) {
    super(`quantity ${value} is beyond what can be kept exactly`);
    this.name = 'QuantityOverflow';
  }
}

const isExact = (millionths: number): boolean =>
  millionths <= MAX_MILLIONTHS && millionths >= -MAX_MILLIONTHS;

const inMillionths = (value: number): number => {
  const whole = Math.round(value * MILLIONTHS);
  if (!isExact(whole)) throw new QuantityOverflow(value);
  return whole;
};

const inUnits = (millionths: number): number => {
  if (!isExact(millionths)) throw new QuantityOverflow(millionths / MILLIONTHS);
  return millionths === 0 ? 0 : millionths / MILLIONTHS;
};

export const round6 = (value: number): number => inUnits(inMillionths(value));
const plus = (a: number, b: number): number => inUnits(inMillionths(a) + inMillionths(b));
export const sum = (...values: readonly number[]): number => values.reduce(plus, 0);
export const minus = (a: number, b: number): number => inUnits(inMillionths(a) - inMillionths(b));
/** Rounded to 6 decimals, as the product of two such numbers may have 12. */
export const times = (a: number, b: number): number => {
  const product = BigInt(inMillionths(a)) * BigInt(inMillionths(b));
  const half = product < 0n ? -500_000n : 500_000n;
  return inUnits(Number((product + half) / 1_000_000n));
};
export const negate = (value: number): number => (value === 0 ? 0 : -value);

/** A delta without its zeros. */
const combine = (a: Delta, b: Delta, how: (x: number, y: number) => number): Delta => {
  const result: Partial<Record<QuantityName, number>> = {};
  for (const name of quantityNames) {
    const value = how(a[name] ?? 0, b[name] ?? 0);
    if (value !== 0) result[name] = value;
  }
  return result;
};

export const addDeltas = (a: Delta, b: Delta): Delta => combine(a, b, plus);
/** What turns `before` into `after`. */
export const difference = (after: Delta, before: Delta): Delta => combine(after, before, minus);
export const applyDelta = (quantities: Quantities, delta: Delta): Quantities => ({
  onHand: plus(quantities.onHand, delta.onHand ?? 0),
  committed: plus(quantities.committed, delta.committed ?? 0),
  physicalOnHand: plus(quantities.physicalOnHand, delta.physicalOnHand ?? 0),
  physicalCommitted: plus(quantities.physicalCommitted, delta.physicalCommitted ?? 0),
  inTransit: plus(quantities.inTransit, delta.inTransit ?? 0),
  reserved: plus(quantities.reserved, delta.reserved ?? 0),
});
export const isNoChange = (delta: Delta): boolean => quantityNames.every((name) => (delta[name] ?? 0) === 0);

/**
 * What can still be promised, of a level and of what is to be added to it: never stored as truth, always derived.
 * Never refused: a level that could be stored can be shown, also where its parts add up to more than is exact.
 */
export const availableForSale = (...parts: readonly Delta[]): number => {
  let millionths = 0;
  for (const { onHand, committed, reserved } of parts) {
    millionths += asMillionths(onHand) - asMillionths(committed) - asMillionths(reserved);
  }
  return asUnits(millionths);
};
export const physicalAvailableForSale = (q: Quantities): number =>
  asUnits(asMillionths(q.physicalOnHand) - asMillionths(q.physicalCommitted) - asMillionths(q.reserved));

/** As exact as doubles are: of what can be stored, to the millionth up to 2³³ units. */
const asMillionths = (value = 0): number => Math.round(value * MILLIONTHS);
const asUnits = (millionths: number): number => (millionths === 0 ? 0 : millionths / MILLIONTHS);
