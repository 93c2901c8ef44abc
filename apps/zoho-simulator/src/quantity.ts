/** Quantities inside the simulator: whole millionths of a unit, so that 0.1 + 0.2 is 0.3. */
export type Millionths = bigint;

const SCALE = 1_000_000;
export const MAX_QUANTITY = 1_000_000;

export const toMillionths = (units: number): Millionths => BigInt(Math.round(units * SCALE));
export const toUnits = (millionths: Millionths): number => Number(millionths) / SCALE;

/** Whether a number says what it means in at most six decimals. */
export const hasSixDecimals = (units: number): boolean =>
  Math.abs(toUnits(toMillionths(units)) - units) < 1e-9;

export const floorZero = (quantity: Millionths): Millionths => (quantity > 0n ? quantity : 0n);
export const lesser = (a: Millionths, b: Millionths): Millionths => (a < b ? a : b);
