import { median } from '../bench/bench';

export type Judged = Readonly<{
  /** Medians of the second and of the last quarter: the first one belongs to compiling and to filling caches. */
  early: number;
  late: number;
  isFlat: boolean;
}>;

/** Flat is what is no more than a fifth higher … */
const SHARE = 1.2;

/**
 * Whether a series went up for good. Peaks do not matter, as medians are compared.
 * @param slack what it may always be higher by, in its own unit: a fifth of little is nothing
 */
export const judged = (values: readonly number[], slack: number): Judged => {
  const quarter = values.length / 4;
  const early = median(values.slice(Math.floor(quarter), Math.floor(quarter * 2)));
  const late = median(values.slice(Math.floor(quarter * 3)));
  return { early, late, isFlat: late <= Math.max(early * SHARE, early + slack) };
};
