import { isCronExpression } from './cron-expression';

describe('a cron expression', () => {
  it.each([
    '*/15 * * * *',
    '0 3 * * 1-5',
    '5,35 0-23/2 1 1,7 *',
    '59 23 31 12 7',
    ' 0  0 * * 0 ',
    '10-50/5 * * * *',
  ])('%p is one', (text) => {
    expect(isCronExpression(text)).toBe(true);
  });

  it.each([
    '',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '* * * * 8',
    '*/0 * * * *',
    '30-10 * * * *',
    'x * * * *',
    '1, * * * *',
    '-5 * * * *',
    '@hourly',
  ])('%p is none', (text) => {
    expect(isCronExpression(text)).toBe(false);
  });
});
