import { instantFrom, type LevelTruth, zero } from '@tallystream/contracts';
import { claimFault } from './claim-fault';

const truth: LevelTruth = { quantities: { ...zero, onHand: 5 }, provisional: false, revision: 2, seq: 40 };
const positions = { foldedTo: 100, storeAt: 90 };

describe('what a store says of a level', () => {
  it('is right when it is what the newest event says', () => {
    expect(claimFault(truth, { ...truth }, positions)).toBeUndefined();
    expect(claimFault(undefined, undefined, positions)).toBeUndefined();
  });

  it.each<[string, Partial<LevelTruth>]>([
    ['committed is 1, not 0', { quantities: { ...truth.quantities, committed: 1 } }],
    ['revision is 3, not 2', { revision: 3 }],
    ['provisional is true, not false', { provisional: true }],
    ['disputed is 7, not said', { disputed: { zoho: 7 } }],
    ['the baseline is 2026-01-07T00:00:00Z, not none', { baselineAsOf: instantFrom(Date.UTC(2026, 0, 7)) }],
    ['it is there by event 41, which is not of this level: its newest is 40', { seq: 41 }],
    ['it is there by event 39, and the newest is 40', { seq: 39 }],
  ])('is wrong: %s', (fault, change) => {
    expect(claimFault(truth, { ...truth, ...change }, positions)).toBe(fault);
  });

  it('is wrong when the ledger has no such level, or the store lacks it', () => {
    expect(claimFault(undefined, truth, positions)).toMatch('the ledger has no such level');
    expect(claimFault(truth, undefined, positions)).toBe('it is not there');
  });

  it('cannot be told from the fold alone where the level moved since, or the store is behind', () => {
    expect(claimFault(truth, { ...truth, seq: 101 }, positions)).toBe('open');
    expect(claimFault(undefined, { ...truth, seq: 101 }, positions)).toBe('open');
    expect(claimFault({ ...truth, seq: 95 }, truth, positions)).toBe('open');
    expect(claimFault({ ...truth, seq: 95 }, undefined, positions)).toBe('open');
  });
});
