import { asJson, details, duration, printable, table, time } from './printed';

describe('what is printed', () => {
  it('stands in columns, numbers to the right, what is absent as a dash', () => {
    const rows = [
      ['pen', 5, null],
      ['pencil case', 1_200, 'low'],
    ];
    expect(table(['item', 'stock', 'note'], rows)).toBe(
      ['item         stock  note', 'pen              5  -', 'pencil case   1200  low'].join('\n'),
    );
  });

  it('stands in columns also in Arabic, whose vowels take no room, and in Chinese', () => {
    const rows = [
      ['قَلَم', 5],
      ['茶杯', 7],
      ['cup', 12],
    ];
    expect(table(['of', 'stock'], rows)).toBe(
      ['of    stock', 'قَلَم       5', '茶杯      7', 'cup      12'].join('\n'),
    );
  });

  it('is one line a row, whatever a cell holds', () => {
    expect(table(['error'], [['first\nsecond\tthird']]).split('\n')).toEqual(['error', 'first second third']);
  });

  it('names values, and leaves out those that are not there', () => {
    expect(
      details([
        ['status', 'open'],
        ['by', undefined],
        ['retries', 0],
      ]),
    ).toBe('status   open\nretries  0');
  });

  it.each([
    ['a colour', '\u001B[31mred', '·[31mred'],
    ['the C1 form of it', '\u009B31mred', '·31mred'],
    ['a carriage return', 'ok\rfailed', 'ok·failed'],
    ['a turn of direction', 'a\u202Eb\u2066c', 'a·b·c'],
    ['a new line', 'a\nb', 'a\nb'],
    ['Arabic', 'شركة الأمل', 'شركة الأمل'],
  ])('does not steer the terminal: %s', (_, given, shown) => {
    expect(printable(given)).toBe(shown);
  });

  it('as JSON does not steer the terminal either, and says the same', () => {
    const value = { name: '\u009B31m\u202E\u001Bق' };
    expect(asJson(value)).toBe('{"name":"\\u009b31m\\u202e\\u001bق"}');
    expect(JSON.parse(asJson(value))).toEqual(value);
  });

  it.each([
    [0, '0 s'],
    [1.26, '1.3 s'],
    [90, '90 s'],
    [600, '10 min'],
    [86_399, '24 h'],
    [1_000_000, '12 d'],
  ])('%d seconds are %s', (seconds, words) => {
    expect(duration(seconds)).toBe(words);
  });

  it('tells times in UTC, to the second', () => {
    expect(time('2026-01-07T10:31:02.123Z')).toBe('2026-01-07 10:31:02');
    expect(time(undefined)).toBe('-');
  });
});
