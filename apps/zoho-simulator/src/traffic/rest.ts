import type { Document } from '../organisation/documents';
import type { Organisation } from '../organisation/organisation';

const LONGEST_REST = 100;

/**
 * A document rests for so many bookings before it changes again, fewer while there are few: two versions in one
 * second push the simulator's clock ahead of the wall's.
 */
export const hasRested = ({ bookings }: Organisation, { changedAfter }: Document): boolean =>
  bookings - changedAfter >= Math.min(LONGEST_REST, bookings / 4);
