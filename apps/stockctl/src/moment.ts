import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const LONGEST_S = 36_500 * 86_400;

/** A time: `2026-01-07T10:31:02Z`, the day `2026-01-07` in UTC, or `12h`, `30m`, `2d` before now. */
export const moment = (text: string, now = Date.now()): string => {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * (UNITS[unit] ?? 0);
  if (seconds > 0 && seconds < LONGEST_S) return instant(now - seconds * 1_000);
  const isTime = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text);
  const millis = isTime ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(millis))
    throw new InvalidArgumentError(
      'must be a time such as 2026-01-07T10:31:02Z or 2026-01-07, or 12h for twelve hours ago',
    );
  return instant(millis);
};

/** For options, of which commander hands over the value before, too. */
export const momentOption = (text: string): string => moment(text);

export const wholeNumber = (text: string): number => {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('must be a whole number');
  return Number(text);
};

const instant = (millis: number): string => new Date(millis).toISOString().replace('.000Z', 'Z');
