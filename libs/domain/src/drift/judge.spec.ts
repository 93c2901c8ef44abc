import {
  type Cause,
  type Delta,
  runIdSchema,
  type StockChanged,
  type StockEvent,
  zero,
} from '@tallystream/contracts';
import { evolve, type Level, unknownLevel } from '../level/level';
import { at, level as levelRef, observation } from '../spec/books';
import { type DriftCase, type DriftPolicy, judge, type Verdict } from './judge';
import { decideReview } from './review';

const pen = levelRef('pen');
const cause: Cause = { kind: 'sync', id: 'run-1', actor: 'reconciler' };
const runId = runIdSchema.parse('run-1');
const policy: DriftPolicy = {
  thresholds: { autoMaxUnits: 5, autoMaxPercent: 20 },
  confirm: true,
  confirmAfterMs: 600_000,
  sides: ['accounting', 'physical'],
  trustMarginMs: 2_000,
};
const known: Level = {
  revision: 7,
  quantities: { ...zero, onHand: 100, physicalOnHand: 100 },
  baselineAsOf: at(0),
  provisional: false,
};
const sees = (
  quantities: Partial<Record<'onHand' | 'committed' | 'physicalOnHand', number>>,
  seconds = 100,
) => observation(pen, at(seconds), { onHand: 100, physicalOnHand: 100, ...quantities });

const drift = (given: Partial<DriftCase>): DriftCase => ({
  level: known,
  moves: [],
  observation: sees({}),
  inDoubt: false,
  lookedUp: [],
  bySweep: true,
  runId,
  lastEvents: [],
  ...given,
});
const verdict = (given: Partial<DriftCase>, other: Partial<DriftPolicy> = {}): Verdict =>
  judge(drift(given), cause, { ...policy, ...other });

const changeIn = (events: readonly StockEvent[]): StockChanged => {
  const found = events.flatMap((event) => (event.type === 'StockChanged' ? [event.data] : []));
  const [change] = found;
  if (!change || found.length > 1) throw new Error(`${found.length} changes instead of one`);
  return change;
};
const levelAfter = ({ events }: Verdict, before = known): Level =>
  events.some(({ type }) => type === 'StockChanged') ? evolve(before, changeIn(events)) : before;
const types = ({ events }: Verdict) => events.map(({ type }) => type);
const resolutions = (events: readonly StockEvent[]) =>
  events.flatMap((event) => (event.type === 'DriftResolved' ? [event.data.resolution] : []));

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
    expect(resolutions(other.events)).toEqual(['vanished']);
    expect(levelAfter(other, held).disputed).toMatchObject([{ difference: { onHand: 50 }, since: at(200) }]);
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

  it('where nobody counts shelves, Zoho is taken at its word for them', () => {
    const seen = verdict({ observation: sees({ physicalOnHand: 160 }) }, { sides: ['accounting'] });
    expect(seen.events.map(({ type }) => type)).toEqual(['StockChanged']);
    expect(levelAfter(seen).quantities.physicalOnHand).toBe(160);
  });
});

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

  it('is not possible once the drift is over', () => {
    expect(decide('approved', known)).toBeUndefined();
  });
});
