import { instantFrom } from '@tallystream/contracts';
import { mayHeal, SELF } from './healing';

const NOW = Date.UTC(2026, 0, 7, 10, 30);
const MINUTE_MS = 60_000;
const run = (minutesAgo: number, requestedBy: string = SELF) => ({
  parameters: { store: 'drift' as const, dryRun: false },
  requestedBy,
  requestedAt: instantFrom(NOW - minutesAgo * MINUTE_MS),
});

describe('a store asks for a rebuild itself', () => {
  it('the first time', () => {
    expect(mayHeal([], 'drift', NOW)).toBe(true);
  });

  it('not again within an hour, whatever became of it', () => {
    expect(mayHeal([run(59)], 'drift', NOW)).toBe(false);
    expect(mayHeal([run(200), run(1)], 'drift', NOW)).toBe(false);
    expect(mayHeal([run(60)], 'drift', NOW)).toBe(true);
  });

  it('whatever other stores, or people, have asked for', () => {
    expect(mayHeal([run(1)], 'balances', NOW)).toBe(true);
    expect(mayHeal([run(1, 'night shift')], 'drift', NOW)).toBe(true);
  });

  it('not again either when the clock was put back', () => {
    expect(mayHeal([run(-30)], 'drift', NOW)).toBe(false);
  });
});
