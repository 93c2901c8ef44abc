import { type Millionths, toUnits } from '../quantity';

/** Money in hundredths, rounded half up; a rate is hundredths per unit. */
export const lineTotal = (rate: number, quantity: Millionths): number => {
  const scaled = BigInt(rate) * quantity;
  const half = scaled < 0n ? -500_000n : 500_000n;
  return Number((scaled + half) / 1_000_000n);
};

export const money = (hundredths: number): number => hundredths / 100;

export const moneyFormatted = (hundredths: number): string =>
  `SAR${grouped(Math.trunc(Math.abs(hundredths) / 100), hundredths < 0)}.${String(Math.abs(hundredths) % 100).padStart(2, '0')}`;

export const quantityFormatted = (quantity: Millionths): string => toUnits(quantity).toFixed(2);

const grouped = (whole: number, negative: boolean): string =>
  (negative ? '-' : '') + String(whole).replace(/\B(?=(\d{3})+$)/g, ',');
