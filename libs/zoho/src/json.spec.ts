import fc from 'fast-check';
import { entryTexts, parseJson } from './json';

describe('JSON with long numbers', () => {
  it.each([
    {
      what: 'an id without quotes',
      json: '{"id":2646610000000109854}',
      value: { id: '2646610000000109854' },
    },
    { what: 'an id in quotes', json: '{"id":"2646610000000109854"}', value: { id: '2646610000000109854' } },
    {
      what: 'spaces before it',
      json: '{"id" :\n\t 2646610000000109854 }',
      value: { id: '2646610000000109854' },
    },
    { what: 'a negative one', json: '{"n":-2646610000000109854}', value: { n: '-2646610000000109854' } },
    {
      what: 'a list of them',
      json: '[2646610000000109854,2646610000000109861, 7]',
      value: ['2646610000000109854', '2646610000000109861', 7],
    },
    { what: 'one at the top', json: '[[ 2646610000000109854]]', value: [['2646610000000109854']] },
    {
      what: '16 digits that a double holds',
      json: '{"id":1234567890123456}',
      value: { id: 1234567890123456 },
    },
    {
      what: '16 digits that it does not',
      json: '{"id":9007199254740993}',
      value: { id: '9007199254740993' },
    },
    { what: 'many zeros', json: '{"id":1000000000000000000}', value: { id: '1000000000000000000' } },
    {
      what: 'short numbers beside it',
      json: '{"id":2646610000000109854,"a":1.50,"b":-0.3,"c":1e3,"d":0}',
      value: { id: '2646610000000109854', a: 1.5, b: -0.3, c: 1000, d: 0 },
    },
    {
      what: 'the look of it inside text',
      json: '{"note":"order: 2646610000000109854, [-2646610000000109854]","n":5}',
      value: { note: 'order: 2646610000000109854, [-2646610000000109854]', n: 5 },
    },
    {
      what: 'escapes and Arabic beside it',
      json: '{"id":2646610000000109854,"name":"\\"شركة\\" \\u0627\\n","none":null,"yes":true}',
      value: { id: '2646610000000109854', name: '"شركة" ا\n', none: null, yes: true },
    },
    {
      what: 'the same key twice',
      json: '{"id":2646610000000109854,"a":1,"a":2}',
      value: { id: '2646610000000109854', a: 2 },
    },
  ])('given $what, nothing of it is lost', ({ json, value }) => {
    expect(parseJson(json)).toEqual(value);
  });

  it.each([
    '',
    ' ',
    '{',
    '{"a":1,}',
    '{"id":2646610000000109854',
    '{"id":2646610000000109854,}',
    '{"id":02646610000000109854}',
    '{"id":2646610000000109854} x',
    "{'a':1}",
    'undefined',
    'NaN',
  ])('given %p, throws: it is not JSON', (text) => {
    expect(() => parseJson(text)).toThrow();
  });

  it('reads what JSON.parse reads, when no number is long', () => {
    const short = fc.jsonValue({ noUnicodeString: false, maxDepth: 3 });
    fc.assert(
      fc.property(short, (value) => {
        const json = JSON.stringify(value);
        fc.pre(!/\d{16}/.test(json));
        expect(parseJson(json)).toEqual(JSON.parse(json));
      }),
    );
  });

  it('keeps every whole number exact: as a number where a double holds it, else as its digits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 19n), max: 10n ** 19n }), (whole) => {
        const expected = whole === BigInt(Number(whole)) ? [Number(whole), String(whole)] : [String(whole)];
        const read: unknown = parseJson(`{"a":${whole}}`);
        expect(expected.map((a) => ({ a }))).toContainEqual(read);
      }),
    );
  });
});

describe('the texts of a list', () => {
  it('are its entries, every digit as it came', () => {
    const [one, two] = [
      '{"id":2646610000000109854,"rate":1.50,"n":"\\u0627"}',
      '{"id":"2","deep":[{"x":1e3}]}',
    ];
    const texts = entryTexts(`{"code":0, "items": [ ${one} , ${two} ]}`, 'items');
    expect(texts).toEqual(['{"id":2646610000000109854,"rate":1.50,"n":"ا"}', two]);
  });

  it('leave out what they are told to, however deep', () => {
    const texts = entryTexts(
      '{"items":[{"id":1,"who":"A","deep":[{"who":"B","n":[1,2]}]}]}',
      'items',
      new Set(['who']),
    );
    expect(texts).toEqual(['{"id":1,"deep":[{"n":[1,2]}]}']);
  });

  it.each([
    { json: '{"items":{"id":1}}', texts: ['{"id":1}'] },
    { json: '{"items":[]}', texts: [] },
    { json: '{"items":[{"id":1,"id":2}]}', texts: ['{"id":2}'] },
  ])('of $json are $texts', ({ json, texts }) => {
    expect(entryTexts(json, 'items')).toEqual(texts);
  });
});
