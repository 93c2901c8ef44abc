import { type AlertName, alertNames, instantFrom, millisOf, type Severity } from '@tallystream/contracts';
import { type AlertStates, assess } from './assess';
import type { Readings } from './readings';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const at = (millis: number) => instantFrom(Date.UTC(2026, 0, 7) + millis);

const inbox = (events: number, oldestSeconds = 0): Readings => ({
  backlog: [
    { consumer: 'balances', events: 0, oldestSeconds: 0 },
    { consumer: 'translator', events, oldestSeconds },
  ],
});
const run = { runId: 'stock-1' };

/** A row of the table: `[does not raise, raises, holds what was raised, clears it]`. */
type Row = Readonly<{
  name: AlertName;
  what: string;
  severity: Severity;
  reading: (value: number) => Readings;
  values: readonly [number, number, number, number];
}>;

const rows: readonly Row[] = [
  { name: 'backlog', what: 'waiting', severity: 'warning', reading: inbox, values: [50, 51, 41, 40] },
  { name: 'backlog', what: 'waiting', severity: 'critical', reading: inbox, values: [200, 201, 161, 160] },
  {
    name: 'backlog',
    what: 'the oldest',
    severity: 'warning',
    reading: (seconds) => inbox(1, seconds),
    values: [30, 31, 21, 20],
  },
  {
    name: 'backlog',
    what: 'the oldest',
    severity: 'critical',
    reading: (seconds) => inbox(1, seconds),
    values: [300, 301, 241, 240],
  },
  {
    name: 'sync-success',
    what: 'rate',
    severity: 'warning',
    reading: (rate) => ({ syncSuccess: { rate, runs: 96 } }),
    values: [0.95, 0.949, 0.955, 0.96],
  },
  {
    name: 'sync-success',
    what: 'rate',
    severity: 'critical',
    reading: (rate) => ({ syncSuccess: { rate, runs: 96 } }),
    values: [0.9, 0.899, 0.91, 0.92],
  },
  {
    name: 'failed-items',
    what: 'share',
    severity: 'warning',
    reading: (share) => ({ failedItems: { ...run, share } }),
    values: [0.01, 0.011, 0.009, 0.008],
  },
  {
    name: 'failed-items',
    what: 'share',
    severity: 'critical',
    reading: (share) => ({ failedItems: { ...run, share } }),
    values: [0.05, 0.051, 0.041, 0.04],
  },
  {
    name: 'run-duration',
    what: 'seconds',
    severity: 'warning',
    reading: (seconds) => ({ runDuration: { ...run, seconds, medianSeconds: 30 } }),
    values: [60, 61, 46, 45],
  },
  {
    name: 'stock-age',
    what: 'age',
    severity: 'warning',
    reading: (ageSeconds) => ({ stock: { ageSeconds, items: 2_218, minItems: 400 } }),
    values: [3_600, 3_601, 3_001, 3_000],
  },
  {
    name: 'stock-age',
    what: 'age',
    severity: 'critical',
    reading: (ageSeconds) => ({ stock: { ageSeconds, items: 2_218, minItems: 400 } }),
    values: [14_400, 14_401, 12_601, 12_600],
  },
  {
    name: 'stock-age',
    what: 'items',
    severity: 'critical',
    reading: (items) => ({ stock: { ageSeconds: 0, items, minItems: 400 } }),
    values: [401, 400, 404, 405],
  },
  {
    name: 'dead-letters',
    what: 'count',
    severity: 'warning',
    reading: (deadLetters) => ({ deadLetters }),
    values: [0, 1, 1, 0],
  },
  {
    name: 'dead-letters',
    what: 'count',
    severity: 'critical',
    reading: (deadLetters) => ({ deadLetters }),
    values: [20, 21, 16, 15],
  },
  {
    name: 'open-drift',
    what: 'for an hour',
    severity: 'warning',
    reading: (openForAnHour) => ({ drift: { open: 5, openForAnHour } }),
    values: [0, 1, 1, 0],
  },
  {
    name: 'open-drift',
    what: 'count',
    severity: 'critical',
    reading: (open) => ({ drift: { open, openForAnHour: 0 } }),
    values: [20, 21, 16, 15],
  },
  {
    name: 'no-webhook',
    what: 'hours',
    severity: 'warning',
    reading: (silentHours) => ({ silentHours }),
    values: [24, 24.1, 24.1, 0],
  },
  {
    name: 'zoho-quota',
    what: 'left',
    severity: 'warning',
    reading: (remaining) => ({ quota: { remaining, limit: 5_000 } }),
    values: [1_000, 999, 1_249, 1_250],
  },
  {
    name: 'zoho-quota',
    what: 'left',
    severity: 'critical',
    reading: (remaining) => ({ quota: { remaining, limit: 5_000 } }),
    values: [1, 0, 250, 251],
  },
  {
    name: 'ledger-verify',
    what: 'broken',
    severity: 'critical',
    reading: (count) => ({ brokenInvariants: { runId: 'verify-1', count } }),
    values: [0, 1, 1, 0],
  },
];

/** Assesses one reading after the other, so many milliseconds apart; the notices of each. */
const told = (readings: readonly Readings[], apart = MINUTE) => {
  let states: AlertStates = {};
  return readings.map((reading, index) => {
    const { states: after, notices } = assess(states, reading, at(index * apart));
    states = after;
    return notices.map(({ name, severity, status }) => `${name} ${severity} ${status}`);
  });
};
const ofSeverity = (all: readonly (readonly string[])[], severity: Severity) =>
  all.map((notices) => notices.filter((notice) => notice.includes(` ${severity} `)));

describe('the table of alerts', () => {
  it.each(alertNames)('has a row for %s', (name) => {
    expect(rows.some((row) => row.name === name)).toBe(true);
  });

  it.each(rows)('$name ($what) does not become $severity at its limit', ({ severity, reading, values }) => {
    expect(ofSeverity(told([reading(values[0])]), severity)).toEqual([[]]);
  });

  it.each(rows)('$name ($what) becomes $severity over it, and is told once', (row) => {
    const over = row.reading(row.values[1]);
    const raised = `${row.name} ${row.severity} raised`;
    expect(told([over, over, over])).toEqual([[raised], [], []]);
  });

  it.each(rows)('$name ($what) stays $severity until it is well under the limit', (row) => {
    const [over, held] = [row.reading(row.values[1]), row.reading(row.values[2])];
    expect(told([over, held, held, held, held, held]).slice(1).flat()).toEqual([]);
  });

  it.each(rows)('$name ($what) is $severity no more when it has been calm, told once', (row) => {
    const [over, calm] = [row.reading(row.values[1]), row.reading(row.values[3])];
    const after = told([over, calm, calm, calm, calm]).slice(1);
    const ended = after[2] ?? [];
    expect([after[0], after[1], after[3]]).toEqual([[], [], []]);
    // Either all is well, or the lesser severity has begun.
    expect(ended).toHaveLength(1);
    expect([`${row.name} ${row.severity} cleared`, `${row.name} warning raised`]).toContain(ended[0]);
  });

  it.each(rows)('$name ($what) stays as it is while nobody can tell', (row) => {
    expect(
      told([row.reading(row.values[1]), {}, {}, {}, {}])
        .slice(1)
        .flat(),
    ).toEqual([]);
    expect(told([{}, {}])).toEqual([[], []]);
  });
});

describe('an alert', () => {
  it('is told again after four hours, and every four while it lasts', () => {
    const everyHour = told(
      Array.from({ length: 10 }, () => inbox(60)),
      HOUR,
    );
    expect(everyHour.flatMap((notices, hour) => notices.map((notice) => `${hour}: ${notice}`))).toEqual([
      '0: backlog warning raised',
      '4: backlog warning lasting',
      '8: backlog warning lasting',
    ]);
  });

  it('is told again after four hours also while nobody can tell', () => {
    const told4 = told([inbox(60), {}, {}, {}, {}], HOUR);
    expect(told4).toEqual([['backlog warning raised'], [], [], [], ['backlog warning lasting']]);
  });

  it('that comes and goes within minutes is one', () => {
    const flapping = [inbox(60), inbox(0), inbox(60), inbox(0), inbox(60), inbox(0), inbox(0), inbox(0)];
    expect(told(flapping).flat()).toEqual(['backlog warning raised', 'backlog warning cleared']);
  });

  it('that grows is told at once, and one that shrinks when it has been so for a while', () => {
    const readings = [inbox(60), inbox(300), inbox(60), inbox(60), inbox(60), inbox(0), inbox(0), inbox(0)];
    expect(told(readings)).toEqual([
      ['backlog warning raised'],
      ['backlog critical raised'],
      [],
      [],
      ['backlog warning raised'],
      [],
      [],
      ['backlog warning cleared'],
    ]);
  });

  it('says since when, what was measured, and where to read on', () => {
    const { states, notices } = assess({}, inbox(60, 31), at(0));
    expect(notices).toEqual([
      {
        name: 'backlog',
        severity: 'warning',
        status: 'raised',
        since: at(0),
        at: at(0),
        detail: '60 wait for translator; the oldest has waited 31 s for translator',
        runbook: 'docs/runbook.md#backlog',
      },
    ]);
    const later = at(millisOf(at(5 * HOUR)) - millisOf(at(0)));
    expect(assess(states, inbox(70, 0), later).notices).toMatchObject([
      { status: 'lasting', since: at(0), at: later, detail: '70 wait for translator' },
    ]);
  });

  it('does not begin anew when a clock goes back', () => {
    const { states } = assess({}, inbox(60), at(HOUR));
    expect(assess(states, inbox(60), at(0))).toMatchObject({ notices: [] });
  });
});
