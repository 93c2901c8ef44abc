import { instantFrom, streamSeq } from '@tallystream/contracts';
import { dueLetters, MOST_AT_ONCE, type OpenLetter } from './passing-letters';

const MINUTE = 60_000;
const DIED = Date.UTC(2026, 0, 7);
const letter = (retries: number, reason = 'store_unavailable', id = 1): OpenLetter => ({
  id: streamSeq(id),
  reason,
  diedAt: instantFrom(DIED),
  retries,
});
const isDue = (one: OpenLetter, minutes: number) => dueLetters([one], DIED + minutes * MINUTE).length === 1;

describe('a dead letter with a passing cause', () => {
  it.each([
    { retries: 0, rests: 1 },
    { retries: 1, rests: 5 },
    { retries: 2, rests: 15 },
    { retries: 3, rests: 60 },
    { retries: 4, rests: 240 },
  ])('that was put back $retries times rests $rests minutes', ({ retries, rests }) => {
    expect(isDue(letter(retries), rests - 0.01)).toBe(false);
    expect(isDue(letter(retries), rests)).toBe(true);
  });

  it('stays where it is after the fifth time', () => {
    expect(isDue(letter(5), 1_000_000)).toBe(false);
  });

  it.each(['bad_field', 'failed', 'quantity_overflow', ''])('does not die of "%s"', (reason) => {
    expect(isDue(letter(0, reason), 1_000_000)).toBe(false);
  });

  it.each(['conflict', 'timeout', 'server_fault', 'rate_limited', 'unreachable'])('dies of %s', (reason) => {
    expect(isDue(letter(0, reason), 1)).toBe(true);
  });

  it('is one of not too many that are put back at a time, the first one first', () => {
    const many = Array.from({ length: MOST_AT_ONCE + 10 }, (_, n) => letter(0, 'conflict', n + 1));
    const due = dueLetters(many, DIED + MINUTE);
    expect(due).toHaveLength(MOST_AT_ONCE);
    expect(due[0]?.id).toBe(1);
  });
});
