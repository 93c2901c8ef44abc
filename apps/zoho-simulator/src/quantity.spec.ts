import { hasSixDecimals, toMillionths, toUnits } from './quantity';

it('adds exactly', () => {
  expect(toUnits(toMillionths(0.1) + toMillionths(0.2))).toBe(0.3);
  expect(toUnits(toMillionths(2.375) - toMillionths(0.000001))).toBe(2.374999);
  expect(toUnits(toMillionths(-1.000001))).toBe(-1.000001);
});

it('knows what needs more than six decimals', () => {
  expect(hasSixDecimals(0.000001)).toBe(true);
  expect(hasSixDecimals(0.0000015)).toBe(false);
});
