import { type Finding, isWell, projectionFinding } from './status';

const finding = (state: Finding['state']): Finding => ({ what: 'x', state, detail: '' });

describe('status', () => {
  it.each([
    [['ok', 'ok'], true],
    [['ok', 'untold'], true],
    [['ok', 'degraded'], false],
    [['ok', 'wrong'], false],
    [['untold', 'untold'], false],
    [[], false],
  ] as const)('%j is well: %p', (states, expected) => {
    expect(isWell(states.map(finding))).toBe(expected);
  });

  const projection = {
    name: 'balances',
    checkpoint: 4_711,
    lagEvents: 0,
    lagSeconds: 0,
    owner: 'standalone@host:1',
    trouble: null,
  };
  it.each([
    [{}, 'ok', 'at 4711; nothing waits'],
    [{ lagEvents: 120, lagSeconds: 3.14 }, 'ok', 'at 4711; 120 events behind, 3.1 s old'],
    [{ owner: null }, 'wrong', 'at 4711; nothing waits; nobody fills it'],
    [
      { checkpoint: null, trouble: 'Redis cannot be reached' },
      'wrong',
      'empty; nothing waits; Redis cannot be reached',
    ],
  ])('a projection with %j is %s', (more, state, detail) => {
    expect(projectionFinding({ ...projection, ...more })).toEqual({
      what: 'projection balances',
      state,
      detail,
    });
  });
});
