/** Minute, hour, day of month, month, day of week: how far each goes. */
const fields = [
  { from: 0, to: 59 },
  { from: 0, to: 23 },
  { from: 1, to: 31 },
  { from: 1, to: 12 },
  { from: 0, to: 7 },
] as const;

const PART = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/;

/** Whether a text is five fields of `*`, numbers, ranges, lists and steps, as cron has them. */
export const isCronExpression = (text: string): boolean => {
  const given = text.trim().split(/\s+/);
  return (
    given.length === fields.length &&
    fields.every((field, index) => (given[index] ?? '').split(',').every((part) => fits(part, field)))
  );
};

const fits = (part: string, { from, to }: (typeof fields)[number]): boolean => {
  const match = PART.exec(part);
  if (!match) return false;
  const [, first, last, step] = match;
  const low = first === undefined ? from : Number(first);
  const high = last === undefined ? low : Number(last);
  return low >= from && low <= high && high <= to && (step === undefined || Number(step) > 0);
};
