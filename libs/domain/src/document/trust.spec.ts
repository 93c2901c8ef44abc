import type { Treatment } from '@tallystream/contracts';
import { at } from '../spec/books';
import { type TrustQuestion, treatmentOf } from './trust';

const B = 100;
const question = (rest: Partial<TrustQuestion> & Readonly<{ changed: number }>): TrustQuestion => ({
  baselineAsOf: at(B),
  createdAt: at(0),
  changedFrom: at(rest.changed),
  changedUntil: at(rest.changed),
  appliedBefore: false,
  marginMs: 2_000,
  ...rest,
});

describe('when a delta may be trusted', () => {
  it.each<readonly [string, TrustQuestion, Treatment]>([
    ['no baseline, first seen', { ...question({ changed: 50 }), baselineAsOf: undefined as never }, 'delta'],
    ['m before B: absorbed', question({ changed: 97 }), 'absorbed'],
    ['m before B, applied before: absorbed', question({ changed: 97, appliedBefore: true }), 'absorbed'],
    ['applied before, m after B', question({ changed: 103, appliedBefore: true }), 'delta'],
    ['first seen, c after B', question({ changed: 104, createdAt: at(103) }), 'delta'],
    ['first seen, c before B, m after B', question({ changed: 103, createdAt: at(50) }), 'unknown-history'],
    [
      'first seen, c within the margin of B, m after B',
      question({ changed: 110, createdAt: at(101) }),
      'unknown-history',
    ],
    [
      'first seen, c not known, m after B',
      { ...question({ changed: 103 }), createdAt: undefined as never },
      'unknown-history',
    ],
    ['m 2 s before B', question({ changed: 98 }), 'undecidable'],
    ['m at B', question({ changed: 100 }), 'undecidable'],
    ['m 2 s after B', question({ changed: 102, createdAt: at(102) }), 'undecidable'],
    ['m 2 s after B, applied before', question({ changed: 102, appliedBefore: true }), 'undecidable'],
    [
      'a day around B',
      { ...question({ changed: 50 }), changedUntil: at(150), appliedBefore: true },
      'undecidable',
    ],
    ['a day that ended before B', { ...question({ changed: 10 }), changedUntil: at(60) }, 'absorbed'],
    [
      'a deletion of something older than B',
      { ...question({ changed: 50, appliedBefore: true }), changedUntil: 'unbounded' },
      'undecidable',
    ],
    [
      'a deletion of something newer than B',
      { ...question({ changed: 150, appliedBefore: true }), changedUntil: 'unbounded' },
      'delta',
    ],
  ])('%s', (_case, asked, treatment) => {
    expect(treatmentOf(asked)).toBe(treatment);
  });

  it('has its margin from the settings', () => {
    expect(treatmentOf({ ...question({ changed: 95 }), marginMs: 5_000 })).toBe('undecidable');
    expect(treatmentOf({ ...question({ changed: 99 }), marginMs: 0 })).toBe('absorbed');
  });
});
