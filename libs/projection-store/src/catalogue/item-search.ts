/**
 * Search of items by the beginnings of words. The words are made here and only kept and found by Postgres
 * (`tsvector` with a GIN index, which finds prefixes): so they are the same under every locale of a server,
 * need no extension that our role may not create (pg_trgm), and Arabic is folded as people type it, which no
 * parser of Postgres does. Whoever changes how words are made must project the catalogue anew.
 */

/** The words of a text, folded: case, accents, and the spellings of Arabic that people mix. */
export const searchWords = (text: string): readonly string[] =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\p{M}\u0640]/gu, '')
    .replace(/./gu, (letter) => sameLetters.get(letter) ?? letter)
    .match(/[\p{L}\p{N}]+/gu) ?? [];

/** What an item is found by. A SKU also as one word, for those who leave its hyphens out. */
export const itemWords = (
  item: Readonly<{ name: string; arabicName?: string | undefined; sku?: string | undefined }>,
): readonly string[] => {
  const sku = searchWords(item.sku ?? '');
  return [...searchWords(item.name), ...searchWords(item.arabicName ?? ''), ...sku, sku.join('')].filter(
    (word) => word !== '',
  );
};

/** A `tsvector` as text. Words hold letters and digits only, so that nothing is to be escaped. */
export const wordsVector = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ');

/** A `tsquery` as text: every word of it, each at least begun. */
export const prefixQuery = (text: string): string =>
  searchWords(text)
    .map((word) => `'${word}':*`)
    .join(' & ');

/** NFKD has taken the signs off alef, waw and yeh already. */
const sameLetters = new Map([
  ['ى', 'ي'],
  ['ی', 'ي'],
  ['ة', 'ه'],
  ['ک', 'ك'],
  ...[...'٠١٢٣٤٥٦٧٨٩'].map((digit, value) => [digit, String(value)] as const),
  ...[...'۰۱۲۳۴۵۶۷۸۹'].map((digit, value) => [digit, String(value)] as const),
]);
