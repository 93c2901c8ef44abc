import fc from 'fast-check';
import { itemWords, prefixQuery, searchWords, wordsVector } from './item-search';

describe('the words of a text', () => {
  it.each([
    { text: 'Ballpoint Pen, BLUE (0.7mm)', words: ['ballpoint', 'pen', 'blue', '0', '7mm'] },
    { text: 'Crème brûlée', words: ['creme', 'brulee'] },
    { text: 'ＰＥＮ', words: ['pen'] },
    { text: 'PROD-001', words: ['prod', '001'] },
    { text: 'أقلام الحِبر', words: ['اقلام', 'الحبر'] },
    { text: 'آلة', words: ['اله'] },
    { text: 'مستشفى', words: ['مستشفي'] },
    { text: 'قلـــم', words: ['قلم'] },
    { text: '٢٤ قطعة', words: ['24', 'قطعه'] },
    { text: 'کیلو ۳', words: ['كيلو', '3'] },
    { text: 'o\'clock & "x":* | !y \\', words: ['o', 'clock', 'x', 'y'] },
    { text: ' -- / ', words: [] },
    { text: '', words: [] },
  ])('of "$text" are $words', ({ text, words }) => {
    expect(searchWords(text)).toEqual(words);
  });

  it('are the same when they are taken for a text again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const words = searchWords(text);
        expect(searchWords(words.join(' '))).toEqual(words);
      }),
    );
  });

  it('hold nothing that a tsvector or a tsquery would take for its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const word of searchWords(text)) expect(word).toMatch(/^[\p{L}\p{N}]+$/u);
      }),
    );
  });
});

describe('an item', () => {
  it('is found by its names and its SKU, with and without its hyphens', () => {
    expect(itemWords({ name: 'Pen', arabicName: 'قلم', sku: 'P-01' })).toEqual([
      'pen',
      'قلم',
      'p',
      '01',
      'p01',
    ]);
  });

  it('has no words of what it does not have', () => {
    expect(itemWords({ name: 'Pen' })).toEqual(['pen']);
  });
});

describe('as Postgres takes it', () => {
  it('is a vector of words, and a query for all of them, begun', () => {
    expect(wordsVector(['pen', 'قلم'])).toBe("'pen' 'قلم'");
    expect(prefixQuery('blue PEN')).toBe("'blue':* & 'pen':*");
  });
});
