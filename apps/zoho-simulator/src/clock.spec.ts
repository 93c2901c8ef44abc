import { readZohoTime, simulatorClock, zohoDate, zohoTime } from './clock';

it('writes times as Zoho does: whole seconds, the offset without a colon', () => {
  expect(zohoTime(Date.UTC(2024, 10, 28, 9, 22, 55) / 1000)).toBe('2024-11-28T14:52:55+0530');
  expect(zohoTime(0)).toBe('1970-01-01T05:30:00+0530');
});

it('takes the day from the time zone of the organisation', () => {
  expect(zohoDate(Date.UTC(2024, 11, 31, 18, 29, 59) / 1000)).toBe('2024-12-31');
  expect(zohoDate(Date.UTC(2024, 11, 31, 18, 30, 0) / 1000)).toBe('2025-01-01');
});

it('runs with the wall clock, and ahead of it once a document carries a later second', () => {
  let wall = 1_700_000_000_400;
  const clock = simulatorClock(() => wall);
  clock.reached(1_699_999_999);
  expect(clock.milliseconds()).toBe(1_700_000_000_400);
  clock.reached(1_700_000_003);
  expect(clock.seconds()).toBe(1_700_000_003);
  wall += 2000;
  expect(clock.seconds()).toBe(1_700_000_005);
});

it('reads times with any offset, and days in the time zone of the organisation', () => {
  const noon = Date.UTC(2025, 2, 1, 12) / 1000;
  for (const text of ['2025-03-01T17:30:00+0530', '2025-03-01T17:30:00+05:30', '2025-03-01T12:00:00Z'])
    expect(readZohoTime(text)).toBe(noon);
  expect(readZohoTime('2025-03-01')).toBe(noon - 17.5 * 3600);
  for (const text of ['', 'soon', '2025-13-01', '2025-03-01T17:30:00 0530', '2025-03-01T17:30:00'])
    expect(readZohoTime(text)).toBeUndefined();
});
