import { millisOf } from '@tallystream/contracts';
import type { BuriedMessage } from '@tallystream/dead-letters';
import { passingReasons } from '@tallystream/jetstream';

const MINUTE_MS = 60_000;
/** How long a letter rests before each time that it is put back: whatever was away has time to return. */
const RESTS_MS = [1, 5, 15, 60, 240].map((minutes) => minutes * MINUTE_MS);
export const MOST_RETRIES = RESTS_MS.length;
/** Put back in one go at most: what comes back to life must not be knocked over again. */
export const MOST_AT_ONCE = 200;

/** As much of an open letter as tells whether it is worth another try. */
export type OpenLetter = Pick<BuriedMessage, 'id' | 'reason' | 'diedAt' | 'retries'>;

/** Of the open letters, those that are worth another try now, the first one that died first. */
export const dueLetters = <L extends OpenLetter>(letters: readonly L[], now: number): readonly L[] =>
  letters
    .filter(({ reason, retries, diedAt }) => {
      const rest = RESTS_MS[retries];
      return passingReasons.has(reason) && rest !== undefined && now - millisOf(diedAt) >= rest;
    })
    .sort((a, b) => a.id - b.id)
    .slice(0, MOST_AT_ONCE);
