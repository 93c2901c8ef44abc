import type { StockEvent } from '@tallystream/contracts';
import { evolve, type Level } from '../level/level';
import { at } from '../spec/books';
import { cause, changeIn, known, levelAfter, pen, resolutions, sees, verdict } from '../spec/drift-cases';
import type { DriftCase } from './drift-case';
import { decideReview } from './review';

describe('a decision on what is held', () => {
  const held = levelAfter(verdict({ observation: sees({ onHand: 140 }) }));
  const driftId = held.disputed?.[0]?.driftId;
  const decide = (resolution: 'approved' | 'rejected', level: Level, moves: DriftCase['moves'] = []) => {
    if (!driftId) throw new Error('nothing is held');
    return decideReview(
      { ref: pen, level, moves },
      { driftId, resolution, note: 'counted', at: at(300) },
      cause,
    );
  };
  const decided = (events: readonly StockEvent[] | undefined, level: Level) =>
    evolve(level, changeIn(events ?? []));

  it('approved: Zoho’s number is taken over', () => {
    const events = decide('approved', held);
    expect(decided(events, held)).toMatchObject({ quantities: { onHand: 140 }, baselineAsOf: at(100) });
    expect(resolutions(events ?? [])).toEqual(['approved']);
  });

  it('approved after documents moved both: they count once', () => {
    const sold = { ...held, quantities: { ...held.quantities, onHand: 90 } };
    const moves = [{ delta: { onHand: -10 }, modifiedAt: at(200), createdAt: at(199) }];
    expect(decided(decide('approved', sold, moves), sold).quantities.onHand).toBe(130);
  });

  it('approved after the missing bill came late: it explained all of it', () => {
    const explained = { ...held, quantities: { ...held.quantities, onHand: 140 } };
    const moves = [{ delta: { onHand: 40 }, modifiedAt: at(50), createdAt: at(49) }];
    expect(decided(decide('approved', explained, moves), explained).quantities.onHand).toBe(140);
  });

  it('rejected: ours stays, and the same difference is not asked about again', () => {
    const events = decide('rejected', held);
    const kept = decided(events, held);
    expect(kept).toMatchObject({ quantities: { onHand: 100 }, tolerated: { onHand: 40 } });
    expect(kept.disputed).toBeUndefined();
    expect(verdict({ level: kept, observation: sees({ onHand: 140 }, 900) }).kind).toBe('agree');
    expect(verdict({ level: kept, observation: sees({ onHand: 150 }, 900) }).kind).toBe('held');
  });

  describe('when it was rejected', () => {
    const kept = decided(decide('rejected', held), held);
    const later = (onHand: number, rest: Partial<DriftCase> = {}) =>
      verdict({ level: kept, observation: sees({ onHand }, 900), ...rest });

    it('and Zoho comes over to our number: both agree, and nothing is tolerated any more', () => {
      const agreed = later(100);
      expect([agreed.kind, changeIn(agreed.events).delta]).toEqual(['agree', {}]);
      expect(levelAfter(agreed, kept)).not.toHaveProperty('tolerated');
      expect(levelAfter(agreed, kept).quantities).toEqual(kept.quantities);
    });

    it.each([
      { zoho: 143, difference: 3, of: 'what was rejected', stock: 103, tolerated: { onHand: 40 } },
      { zoho: 97, difference: -3, of: 'our number', stock: 97, tolerated: undefined },
      { zoho: 120, difference: 20, of: 'our number', stock: 100, tolerated: undefined },
      { zoho: 170, difference: 30, of: 'what was rejected', stock: 100, tolerated: { onHand: 40 } },
    ])('and Zoho says $zoho: it differs by $difference from $of', ({ zoho, difference, ...after }) => {
      const seen = later(zoho);
      expect(seen.difference).toEqual({ onHand: difference });
      const { quantities, tolerated } = levelAfter(seen, kept);
      expect([quantities.onHand, tolerated]).toEqual([after.stock, after.tolerated]);
    });

    it('a webhook that leaves the number open does not bring it up again', () => {
      expect(later(140, { inDoubt: true })).toMatchObject({ kind: 'set', events: [] });
      const told = later(150, { inDoubt: true });
      expect(levelAfter(told, kept)).toMatchObject({
        quantities: { onHand: 110 },
        tolerated: { onHand: 40 },
      });
    });

    it('and another one after it is approved: Zoho is right, in all', () => {
      const more = levelAfter(later(170), kept);
      const [dispute] = more.disputed ?? [];
      if (!dispute) throw new Error('nothing is held');
      const approval = { driftId: dispute.driftId, resolution: 'approved', at: at(950) } as const;
      const approved = decided(decideReview({ ref: pen, level: more, moves: [] }, approval, cause), more);
      expect(approved).toMatchObject({ quantities: { onHand: 170 }, baselineAsOf: at(900) });
      expect(approved).not.toHaveProperty('tolerated');
    });
  });

  it('of one side leaves what was decided on the other', () => {
    const both = { ...held, tolerated: { physicalOnHand: 3 } };
    expect(decided(decide('approved', both), both).tolerated).toEqual({ physicalOnHand: 3 });
    expect(decided(decide('rejected', both), both).tolerated).toEqual({ onHand: 40, physicalOnHand: 3 });
  });

  it('is not possible once the drift is over', () => {
    expect(decide('approved', known)).toBeUndefined();
  });
});
