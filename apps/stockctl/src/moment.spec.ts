import { InvalidArgumentError } from 'commander';
import { moment, wholeNumber } from './moment';

const now = Date.UTC(2026, 0, 7, 12);

describe('a time', () => {
  it.each([
    ['12h', '2026-01-07T00:00:00Z'],
    ['30m', '2026-01-07T11:30:00Z'],
    ['2d', '2026-01-05T12:00:00Z'],
    ['2026-01-07', '2026-01-07T00:00:00Z'],
    ['2026-01-07T10:31Z', '2026-01-07T10:31:00Z'],
    ['2026-01-07T13:31:02.5+03:00', '2026-01-07T10:31:02.500Z'],
  ])('%s is %s', (text, expected) => {
    expect(moment(text, now)).toBe(expected);
  });

  it.each(['yesterday', '', '0h', '-1h', '12', '7/1/2026', '2026-13-01', '2026-01-07T10:31', '999999999d'])(
    '%p is none',
    (text) => {
      expect(() => moment(text, now)).toThrow(InvalidArgumentError);
    },
  );
});

describe('a whole number', () => {
  it('is read', () => expect(wholeNumber('42')).toBe(42));
  it.each(['', '-1', '1.5', '1e3', 'many', '9999999999999999'])('%p is none', (text) => {
    expect(() => wholeNumber(text)).toThrow(InvalidArgumentError);
  });
});
