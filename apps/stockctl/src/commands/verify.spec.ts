import type { Run } from '../run-progress';
import { codeOf, verdict } from './verify';

const run: Run = {
  id: 'verify-1',
  kind: 'verify',
  status: 'completed',
  phase: 'done',
  done: 900,
  total: 900,
  rate: null,
  eta: null,
  resumed: 0,
  requestedBy: 'local',
  requestedAt: '2026-01-07T10:31:00Z',
  startedAt: '2026-01-07T10:31:00Z',
  finishedAt: '2026-01-07T10:31:02Z',
  stats: { broken: 0 },
  failures: [],
};
const events = { check: 'events', checked: 900, broken: 0, examples: [] };
const level = { itemId: 'pen', warehouseId: 'main' };

describe('what a verification found', () => {
  it('is that all is consistent', () => {
    const well = { ...run, result: { ok: true, checks: [events] } };
    expect([codeOf(well), verdict(well).split('\n')]).toEqual([
      0,
      [
        'verify-1 is done in 2 s',
        '',
        'check   checked  broken  trouble',
        'events      900       0  -',
        '',
        'All is consistent.',
      ],
    ]);
  });

  it('is named to the level and the sequence, and what is done about it', () => {
    const examples = [{ what: 'onHand is 7, not 8', seq: 12, level }];
    const result = {
      ok: false,
      checks: [events, { check: 'balances', checked: 3, broken: 1, examples }],
      rebuilds: [{ projection: 'balances', run: 'rebuild-1' }],
    };
    const broken = { ...run, stats: { broken: 1 }, result };
    expect([codeOf(broken), verdict(broken)]).toEqual([
      1,
      expect.stringContaining(
        'balances: pen in main, onHand is 7, not 8, #12\nbalances is rebuilt: stockctl runs rebuild-1\n',
      ),
    ]);
  });

  it('is nothing when a store could not be asked', () => {
    const trouble = { ok: false, checks: [{ ...events, trouble: 'Redis cannot be reached' }] };
    const untold = { ...run, result: trouble };
    expect([codeOf(untold), verdict(untold)]).toEqual([
      1,
      expect.stringContaining('Redis cannot be reached'),
    ]);
  });

  it.each([
    ['failed', { ...run, status: 'failed' as const }, 1],
    ['ended, and does not say what it found', run, 1],
    ['goes on', { ...run, status: 'running' as const }, 0],
  ])('of one that %s', (_, one, code) => {
    expect(codeOf(one)).toBe(code);
  });
});
