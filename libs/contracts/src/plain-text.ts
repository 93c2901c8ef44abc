import { z } from 'zod';

/** The longest text that we keep of Zoho's names and numbers. */
export const MAX_TEXT = 200;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Text that every store takes: Postgres refuses NUL, headers and logs break at line ends. */
export const plainTextSchema = z
  .string()
  .max(MAX_TEXT)
  .refine((text) => !CONTROL.test(text), 'must not hold control characters');

/** Half of a surrogate pair: JSON can write it, but no store can read it as text. */
const LONE_SURROGATE = /\p{Surrogate}/gu;

/** Makes text plain: control characters and broken ones become spaces, what is too long is cut. */
export const plainText = (text: string): string =>
  text
    .replace(new RegExp(CONTROL, 'g'), ' ')
    .replace(LONE_SURROGATE, ' ')
    .trim()
    .slice(0, MAX_TEXT)
    // The cut may have gone through a pair.
    .replace(LONE_SURROGATE, '');
