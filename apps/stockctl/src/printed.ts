/** A cell; what is absent is shown as a dash. */
export type Cell = string | number | boolean | null | undefined;

/** Columns for people, without lines; a column of numbers stands to the right. */
export const table = (head: readonly string[], rows: readonly (readonly Cell[])[]): string => {
  const lines = [head, ...rows.map((row) => head.map((_, column) => inCell(row[column])))];
  const columns = head.map((_, column) => ({
    width: Math.max(...lines.map((line) => widthOf(line[column] ?? ''))),
    isRight: rows.length > 0 && rows.every((row) => isNumber(row[column])),
  }));
  const padded = (text: string, { width, isRight }: (typeof columns)[number]): string => {
    const room = ' '.repeat(width - widthOf(text));
    return isRight ? room + text : text + room;
  };
  return lines
    .map((line) =>
      columns
        .map((column, index) => padded(line[index] ?? '', column))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

/** Name and value, one a line. */
export const details = (pairs: readonly (readonly [string, Cell])[]): string => {
  const known = pairs.filter(([, value]) => value !== undefined && value !== null && value !== '');
  const width = Math.max(...known.map(([name]) => name.length), 0);
  return known.map(([name, value]) => `${name.padEnd(width)}  ${inCell(value)}`).join('\n');
};

/**
 * What came from elsewhere, names and errors above all, must not steer the terminal: no control characters but line
 * breaks, and none that turn the direction of what follows.
 */
export const printable = (text: string): string =>
  text.replace(/(?!\n)\p{Cc}|[\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu, '\u00B7');

/** As JSON, which leaves some control characters as they are. */
export const asJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(
    /[\u007F-\u009F\u2028-\u202E\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** `2026-01-07T10:31:02.123Z` as people read it; times are UTC. */
export const time = (instant: string | null | undefined): string =>
  instant ? instant.slice(0, 19).replace('T', ' ') : '-';

/** `12 s`, `3 min`, `5 h`, `2 d`. */
export const duration = (seconds: number): string => {
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
};

/** `+3`, `-3`. */
export const signed = (value: number): string => (value > 0 ? `+${value}` : String(value));

const inCell = (value: Cell): string =>
  value === undefined || value === null || value === '' ? '-' : printable(String(value).replace(/\s+/g, ' '));

/** How many columns of a terminal it takes: vowel signs none, Chinese characters two. */
const widthOf = (text: string): number =>
  Array.from(text.replace(/[\p{Mn}\p{Me}\p{Cf}]/gu, '')).reduce(
    (width, character) => width + (WIDE.test(character) ? 2 : 1),
    0,
  );
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000\uFF01-\uFF60]/u;

const isNumber = (value: Cell): boolean =>
  typeof value === 'number' ||
  (typeof value === 'string' && /^[+-]?[\d.,]+( \([+-][\d.,]+\))?$|^-$/.test(value));
