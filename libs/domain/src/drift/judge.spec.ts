import type { Delta } from '@tallystream/contracts';
import { unknownLevel } from '../level/level';
import { at } from '../spec/books';
import {
  cause,
  changeIn,
  drift,
  known,
  levelAfter,
  policy,
  resolutions,
  sees,
  types,
  verdict,
} from '../spec/drift-cases';
import type { DriftCase, Verdict } from './drift-case';
import { judge } from './judge';

describe('what Zoho says of a level', () => {
  it('agrees: nothing is written', () => {
    expect(verdict({})).toEqual({ kind: 'agree', difference: {}, events: [] });
  });

  it('is older than what the level was set to: says nothing', () => {
    expect(verdict({ observation: sees({ onHand: 1 }, 0) }).kind).toBe('outdated');
  });

  it('is the first word on the level: it holds, even when it is what was gathered', () => {
    const first = verdict({ level: { ...unknownLevel, quantities: known.quantities } });
    expect(first.kind).toBe('set');
    expect(changeIn(first.events)).toMatchObject({ delta: {}, provisional: false, reason: 'observation' });
  });

  it('was asked for to tell: it holds, however far off', () => {
    const told = verdict({ inDoubt: true, observation: sees({ onHand: 900 }) });
    expect(told.kind).toBe('set');
    expect(changeIn(told.events)).toMatchObject({ delta: { onHand: 800 }, reason: 'observation' });
    expect(verdict({ inDoubt: true }).events).toEqual([]);
  });

  it.each([99, 100])('is not judged while something is in flight, which may change it: %i', (onHand) => {
    const seen = verdict({ observation: sees({ onHand }), inFlight: 'a webhook is not handled yet' });
    expect(seen).toMatchObject({ kind: 'look-again', because: 'a webhook is not handled yet', events: [] });
  });

  it.each([
    ['that nobody knew', { level: unknownLevel }],
    ['that is in doubt', { inDoubt: true }],
  ])('is taken for a level %s, whatever is in flight', (_what, how) => {
    const seen = verdict({ ...how, observation: sees({ onHand: 7 }), inFlight: 'a webhook' });
    expect(seen.kind).toBe('set');
    expect(changeIn(seen.events).after.onHand).toBe(7);
  });

  it.each([
    { what: 'after the answer', modified: 105 },
    { what: 'within the margin before it', modified: 99 },
  ])('differs where a document moved the level $what: not judged', ({ modified }) => {
    const moves = [{ delta: { onHand: -1 }, modifiedAt: at(modified), createdAt: at(1) }];
    expect(verdict({ observation: sees({ onHand: 90 }), moves }).kind).toBe('look-again');
  });

  it('differs and documents were not looked for: they are', () => {
    const { lookedUp: _none, ...asFound } = drift({ observation: sees({ onHand: 99 }) });
    expect(judge(asFound, cause, policy)).toEqual({ kind: 'search', difference: { onHand: -1 }, events: [] });
  });
});

describe('what is small enough to be set right at once', () => {
  it.each<{ by: Delta; of?: number; kind: Verdict['kind'] }>([
    { by: { onHand: 5 }, kind: 'corrected' },
    { by: { onHand: -5 }, kind: 'corrected' },
    { by: { onHand: 5.000001 }, kind: 'held' },
    { by: { onHand: 5 }, of: 25, kind: 'corrected' },
    { by: { onHand: 5 }, of: 24.999999, kind: 'held' },
    { by: { onHand: 1.1 }, of: 5.5, kind: 'corrected' },
    { by: { onHand: 1.100001 }, of: 5.5, kind: 'held' },
    { by: { onHand: 1 }, of: 0, kind: 'corrected' },
    { by: { onHand: 1.000001 }, of: 0, kind: 'held' },
    { by: { onHand: 2 }, of: -10, kind: 'corrected' },
  ])('by $by of $of: $kind', ({ by, of = 100, kind }) => {
    const level = { ...known, quantities: { ...known.quantities, onHand: of } };
    const seen = sees({ onHand: Math.round((of + (by.onHand ?? 0)) * 1e6) / 1e6 });
    expect(verdict({ level, observation: seen }).kind).toBe(kind);
  });

  it('is set right under its own reason, with its evidence, in one commit', () => {
    const lastEvents = [
      { revision: 7, reason: 'sale', delta: { onHand: -1 }, cause, occurredAt: at(1) },
    ] as const;
    const found = verdict({ observation: sees({ onHand: 97 }), lastEvents, lookedUp: ['bill:1'] });
    expect(types(found)).toEqual(['DriftDetected', 'StockChanged', 'DriftResolved']);
    expect(found.events[0]?.data).toMatchObject({
      verdict: 'corrected',
      side: 'accounting',
      difference: { onHand: -3 },
      zoho: { onHand: 97 },
      ledger: { onHand: 100 },
      revision: 7,
      asOf: at(100),
      lookedUp: ['bill:1'],
      lastEvents,
    });
    expect(changeIn(found.events)).toMatchObject({
      revision: 8,
      delta: { onHand: -3 },
      reason: 'reconciliation',
      baselineAsOf: at(100),
    });
    expect(resolutions(found.events)).toEqual(['corrected']);
  });

  it('has thresholds of its own in a warehouse', () => {
    const thresholds = { autoMaxUnits: 50, autoMaxPercent: 100 };
    expect(verdict({ observation: sees({ onHand: 140 }) }, { thresholds }).kind).toBe('corrected');
  });
});

describe('what is held for review', () => {
  const found = verdict({ observation: sees({ onHand: 140 }) });
  const held = levelAfter(found);
  const [dispute] = held.disputed ?? [];
  const seenAgain = (seconds: number, quantities = { onHand: 140 }, rest: Partial<DriftCase> = {}) =>
    verdict({ level: held, observation: sees(quantities, seconds), ...rest });

  it('keeps our number and its baseline, and says what Zoho says', () => {
    expect(types(found)).toEqual(['DriftDetected', 'StockChanged']);
    expect(held).toMatchObject({ quantities: known.quantities, baselineAsOf: at(0), revision: 8 });
    expect(dispute).toMatchObject({ side: 'accounting', difference: { onHand: 40 }, since: at(100) });
  });

  it('is the same drift however often it is judged', () => {
    expect(judge(drift({ observation: sees({ onHand: 140 }) }), cause, policy)).toEqual(found);
  });

  it('stays held while the same is seen too soon, by whomever: nothing more is written', () => {
    expect(seenAgain(699)).toMatchObject({ kind: 'held', events: [] });
    expect(seenAgain(5_000, { onHand: 140 }, { bySweep: false })).toMatchObject({ kind: 'held', events: [] });
    const never = judge(drift({ level: held, observation: sees({ onHand: 140 }, 5_000) }), cause, {
      ...policy,
      confirm: false,
    });
    expect(never).toMatchObject({ kind: 'held', events: [] });
  });

  it('is not searched for at every look; a sweep searches again', () => {
    const { lookedUp: _none, ...asSeen } = drift({ level: held, observation: sees({ onHand: 140 }, 200) });
    expect(judge({ ...asSeen, bySweep: false }, cause, policy)).toMatchObject({ kind: 'held', events: [] });
    expect(judge(asSeen, cause, policy).kind).toBe('search');
    const other = { ...asSeen, bySweep: false, observation: sees({ onHand: 141 }, 200) };
    expect(judge(other, cause, policy).kind).toBe('search');
  });

  it('is confirmed by a later sweep that sees the same', () => {
    const confirmed = seenAgain(700);
    expect(confirmed.kind).toBe('corrected');
    expect(resolutions(confirmed.events)).toEqual(['confirmed']);
    expect(levelAfter(confirmed, held)).toMatchObject({
      quantities: { onHand: 140 },
      baselineAsOf: at(700),
    });
    expect(levelAfter(confirmed, held).disputed).toBeUndefined();
  });

  it('is confirmed at once where nothing is to be waited for, but never by the look that found it', () => {
    const now = { ...policy, confirmAfterMs: 0 };
    expect(judge(drift({ level: held, observation: sees({ onHand: 140 }, 101) }), cause, now).kind).toBe(
      'corrected',
    );
    expect(judge(drift({ observation: sees({ onHand: 140 }) }), cause, now).kind).toBe('held');
  });

  it('vanishes when both agree again', () => {
    const agreed = seenAgain(200, { onHand: 100 });
    expect([agreed.kind, resolutions(agreed.events)]).toEqual(['agree', ['vanished']]);
    expect(levelAfter(agreed, held).disputed).toBeUndefined();
    expect(levelAfter(agreed, held).quantities).toEqual(known.quantities);
  });

  it('is set right when it has become small', () => {
    const small = seenAgain(200, { onHand: 102 });
    expect([small.kind, resolutions(small.events)]).toEqual(['corrected', ['corrected']]);
  });

  it('is another drift when Zoho says another number', () => {
    const other = seenAgain(200, { onHand: 150 });
    expect(other.kind).toBe('held');
    expect(other.events.at(-1)).toMatchObject({ type: 'DriftResolved', data: { resolution: 'vanished' } });
    expect(other.events.at(-1)?.data).not.toHaveProperty('asOf');
    expect(levelAfter(other, held).disputed).toMatchObject([{ difference: { onHand: 50 }, since: at(200) }]);
  });

  it('is by how much both differ now, when a late document moved us alone', () => {
    const moved = { ...held, quantities: { ...held.quantities, onHand: 110 } };
    const seen = verdict({ level: moved, observation: sees({ onHand: 140 }, 200) });
    expect([seen.kind, types(seen)]).toEqual(['held', ['StockChanged']]);
    expect(levelAfter(seen, moved).disputed).toEqual([{ ...dispute, difference: { onHand: 30 } }]);
    const again = verdict({ level: levelAfter(seen, moved), observation: sees({ onHand: 140 }, 300) });
    expect(again).toMatchObject({ kind: 'held', events: [] });
  });

  it('is not decided by what Zoho said before it, or said otherwise within the same second', () => {
    const seen = (onHand: number, seconds: number) => seenAgain(seconds, { onHand });
    expect(seen(100, 99)).toEqual({ kind: 'outdated', difference: {}, events: [] });
    expect(seen(100, 100).kind).toBe('outdated');
    expect(seen(140, 100)).toMatchObject({ kind: 'held', events: [] });
  });

  it('is set right by the observation that found it, where more may be set right now', () => {
    const thresholds = { autoMaxUnits: 50, autoMaxPercent: 100 };
    const again = verdict({ level: held, observation: sees({ onHand: 140 }) }, { thresholds });
    expect([again.kind, resolutions(again.events)]).toEqual(['corrected', ['corrected']]);
  });

  it('is not decided by a webhook that leaves the number open', () => {
    expect(seenAgain(200, { onHand: 140 }, { inDoubt: true })).toMatchObject({ kind: 'held', events: [] });
    const other = seenAgain(200, { onHand: 150 }, { inDoubt: true });
    expect([other.kind, levelAfter(other, held).quantities.onHand]).toEqual(['held', 100]);
  });

  it('goes on being held while documents move the level, and is confirmed by the same difference', () => {
    const moved = { ...held, quantities: { ...held.quantities, onHand: 90 } };
    expect(verdict({ level: moved, observation: sees({ onHand: 130 }, 200) }).events).toEqual([]);
    const confirmed = verdict({ level: moved, observation: sees({ onHand: 130 }, 800) });
    expect(levelAfter(confirmed, moved).quantities.onHand).toBe(130);
  });
});

describe('the books and the shelves', () => {
  it('are judged apart: one is set right while the other is held', () => {
    const both = verdict({ observation: sees({ onHand: 98, physicalOnHand: 160 }) });
    expect(both.kind).toBe('held');
    expect(levelAfter(both)).toMatchObject({
      quantities: { onHand: 98, physicalOnHand: 100 },
      disputed: [{ side: 'physical', difference: { physicalOnHand: 60 } }],
    });
  });

  it('where nobody counts shelves, Zoho is taken at its word for them, and no document is looked for', () => {
    const { lookedUp: _none, ...asSeen } = drift({ observation: sees({ physicalOnHand: 160 }) });
    const seen = judge(asSeen, cause, { ...policy, sides: ['accounting'] });
    expect([seen.kind, types(seen)]).toEqual(['set', ['StockChanged']]);
    expect(changeIn(seen.events).reason).toBe('observation');
    expect(levelAfter(seen).quantities.physicalOnHand).toBe(160);
  });

  it('where nobody counts shelves any more, what was held of them is over', () => {
    const held = levelAfter(verdict({ observation: sees({ physicalOnHand: 160 }) }));
    const seen = verdict(
      { level: held, observation: sees({ physicalOnHand: 160 }, 200) },
      { sides: ['accounting'] },
    );
    expect(resolutions(seen.events)).toEqual(['corrected']);
    expect(levelAfter(seen, held)).toMatchObject({ quantities: { physicalOnHand: 160 } });
    expect(levelAfter(seen, held).disputed).toBeUndefined();
  });
});
