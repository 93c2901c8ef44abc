import { isSafeNumber, parse } from 'lossless-json';

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
