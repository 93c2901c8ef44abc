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

/** Makes text plain: control characters become spaces, what is too long is cut. */
export const plainText = (text: string): string =>
  text.replace(new RegExp(CONTROL, 'g'), ' ').trim().slice(0, MAX_TEXT);
