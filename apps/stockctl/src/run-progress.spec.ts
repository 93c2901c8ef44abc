import { endOf, progressLine, type Run } from './run-progress';

const now = Date.UTC(2026, 0, 7, 12);
const run: Run = {
  id: 'stock-1',
  kind: 'stock',
  status: 'running',
  phase: 'items',
  done: 1_109,
  total: 2_218,
  rate: 88.7,
  eta: new Date(now + 12_500).toISOString(),
  resumed: 0,
  apiCalls: 12,
  requestedBy: 'local',
  requestedAt: '2026-01-07T11:59:00Z',
  startedAt: '2026-01-07T11:59:48Z',
  stats: {},
  failures: [],
};

describe('the progress of a run', () => {
  it('is a bar, numbers, and when it will end', () => {
    expect(progressLine(run, now, 200)).toBe(
      'stock: items  [############------------] 1,109/2,218  89/s  13 s left  12 API calls',
    );
  });

  it('is as much as is known', () => {
    const begun = { ...run, phase: 'waiting', done: 0, total: null, rate: null, eta: null, apiCalls: 0 };
    expect(progressLine(begun, now, 200)).toBe('stock: waiting  0');
  });

  it('is full at most, and never late', () => {
    const late = { ...run, done: 3_000, eta: new Date(now - 60_000).toISOString() };
    expect(progressLine(late, now, 200)).toContain('[########################] 3,000/2,218  89/s  0 s left');
  });

  it('fits on a line', () => {
    expect(progressLine(run, now, 40)).toHaveLength(40);
  });
});

describe('the end of a run', () => {
  it('says how long it took, and what it counted', () => {
    const done: Run = {
      ...run,
      status: 'completed',
      finishedAt: '2026-01-07T12:00:13Z',
      stats: { processed: 2_218, levelsChanged: 3, failed: 0 },
      failures: [{ itemId: 'pen', error: 'has no locations' }],
    };
    expect(endOf(done)).toBe(
      'stock-1 is done in 25 s\n  2,218 processed, 3 levels changed\n  pen: has no locations',
    );
  });

  it('says why it failed', () => {
    const failed: Run = {
      ...run,
      status: 'failed',
      error: { code: 'quota_exhausted', detail: 'nothing is left' },
    };
    expect(endOf(failed)).toBe('stock-1 failed: nothing is left (quota_exhausted)');
  });
});
