import { isSafeNumber, parse, stringify } from 'lossless-json';

/**
 * JSON in which a number too long for a double stays text: Zoho's ids have 19 digits, and a hand-made
 * webhook body may carry them without quotes. The slow exact parser runs only when there may be one.
 *
 * @throws SyntaxError when the text is not JSON
 */
export const parseJson = (text: string): unknown =>
  /[:[,]\s*-?\d{16}/.test(text)
    ? parse(text, undefined, {
        parseNumber: (digits) => (isSafeNumber(digits) ? Number(digits) : digits),
        // As JSON.parse does: whether a key may come twice must not depend on the length of an id.
        onDuplicateKey: ({ newValue }) => newValue,
      })
    : JSON.parse(text);

/**
 * The JSON text of each entry of a list at the top of a JSON object, its numbers to the last digit as they came,
 * without the fields that are to be left out, however deep.
 *
 * @throws SyntaxError when the text is not JSON
 */
export const entryTexts = (
  text: string,
  listName: string,
  leftOut: ReadonlySet<string> = new Set(),
): readonly string[] => {
  const root = parse(text, undefined, { onDuplicateKey: ({ newValue }) => newValue });
  const entries = typeof root === 'object' && root !== null ? Object.entries(root) : [];
  const list: unknown = entries.find(([name]) => name === listName)?.[1];
  const kept = (key: string, value: unknown) => (leftOut.has(key) ? undefined : value);
  return (Array.isArray(list) ? list : [list]).map((entry: unknown) => stringify(entry, kept) ?? '');
};

/**
 * The JSON text of an object without some of its fields, its numbers to the last digit as they came.
 *
 * @throws SyntaxError when the text is not JSON
 */
export const withoutFields = (text: string, ...names: readonly string[]): string => {
  const root = parse(text, undefined, { onDuplicateKey: ({ newValue }) => newValue });
  const fields = typeof root === 'object' && root !== null ? Object.entries(root) : [];
  return stringify(Object.fromEntries(fields.filter(([name]) => !names.includes(name)))) ?? '';
};
