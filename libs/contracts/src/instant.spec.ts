import fc from 'fast-check';
import { instantFrom, instantSchema, millisOf } from './instant';

describe('an instant', () => {
  it.each([
    { text: '2026-01-07T10:31:02Z', millis: Date.UTC(2026, 0, 7, 10, 31, 2) },
    { text: '2026-01-07T10:31:02.5Z', millis: Date.UTC(2026, 0, 7, 10, 31, 2, 500) },
    { text: '2026-01-07T10:31:02.004Z', millis: Date.UTC(2026, 0, 7, 10, 31, 2, 4) },
    { text: '2024-02-29T00:00:00Z', millis: Date.UTC(2024, 1, 29) },
    { text: '1970-01-01T00:00:00Z', millis: 0 },
  ])('given $text, is the moment that it says', ({ text, millis }) => {
    expect(millisOf(instantSchema.parse(text))).toBe(millis);
  });

  it.each([
    '',
    'yesterday',
    '2026-01-07',
    '2026-01-07T10:31Z',
    '2026-01-07T10:31:02',
    '2026-01-07T10:31:02+00:00',
    '2026-01-07T10:31:02+0530',
    '2026-01-07 10:31:02Z',
    '2026-01-07T10:31:02.1234Z',
    ' 2026-01-07T10:31:02Z',
    '2026-01-07T10:31:02Z\n',
    '2026-13-07T10:31:02Z',
    '2026-01-32T10:31:02Z',
    '2026-02-30T10:31:02Z',
    '2023-02-29T10:31:02Z',
    '2026-04-31T10:31:02Z',
    '2026-01-07T25:31:02Z',
    '2026-01-07T24:00:00Z',
    '2026-01-07T10:61:02Z',
    '+12026-01-07T10:31:02Z',
  ])('given "%s", is refused', (text) => {
    expect(instantSchema.safeParse(text).success).toBe(false);
  });

  it('says what a time should look like', () => {
    expect(instantSchema.safeParse('2026-01-07').error?.issues[0]?.message).toBe(
      'must be a time such as 2026-01-07T10:31:02Z',
    );
    expect(instantSchema.safeParse('2026-02-30T10:31:02Z').error?.issues[0]?.message).toBe(
      'must be a time that exists',
    );
  });

  it.each([
    { millis: Date.UTC(2026, 0, 7, 10, 31, 2), text: '2026-01-07T10:31:02Z' },
    { millis: Date.UTC(2026, 0, 7, 10, 31, 2, 70), text: '2026-01-07T10:31:02.070Z' },
    { millis: 0, text: '1970-01-01T00:00:00Z' },
  ])('is written as $text, with milliseconds only when there are some', ({ millis, text }) => {
    expect(instantFrom(millis)).toBe(text);
  });

  it('survives being written and read, and keeps its place in time', () => {
    const fourDigitYears = fc.integer({ min: Date.UTC(1970, 0), max: Date.UTC(9999, 11, 31) });
    fc.assert(
      fc.property(fourDigitYears, (millis) => {
        expect(millisOf(instantSchema.parse(instantFrom(millis)))).toBe(millis);
      }),
    );
  });

  it('must not be compared as text: milliseconds come before the Z', () => {
    const earlier = instantFrom(1_000);
    const later = instantFrom(1_500);
    expect(later < earlier).toBe(true);
    expect(millisOf(later)).toBeGreaterThan(millisOf(earlier));
  });
});
