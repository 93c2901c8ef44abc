import { type Cause, runIdSchema, type StockChanged, type StockEvent, zero } from '@tallystream/contracts';
import { type DriftCase, type DriftPolicy, evolve, judge, type Level, type Verdict } from '../index';
import { at, level as levelRef, observation } from './books';

export const pen = levelRef('pen');
export const cause: Cause = { kind: 'sync', id: 'run-1', actor: 'reconciler' };
export const runId = runIdSchema.parse('run-1');
export const policy: DriftPolicy = {
  thresholds: { autoMaxUnits: 5, autoMaxPercent: 20 },
  confirm: true,
  confirmAfterMs: 600_000,
  sides: ['accounting', 'physical'],
  trustMarginMs: 2_000,
};
export const known: Level = {
  revision: 7,
  quantities: { ...zero, onHand: 100, physicalOnHand: 100 },
  baselineAsOf: at(0),
  provisional: false,
};
export const sees = (
  quantities: Partial<Record<'onHand' | 'committed' | 'physicalOnHand', number>>,
  seconds = 100,
) => observation(pen, at(seconds), { onHand: 100, physicalOnHand: 100, ...quantities });

export const drift = (given: Partial<DriftCase>): DriftCase => ({
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
export const verdict = (given: Partial<DriftCase>, other: Partial<DriftPolicy> = {}): Verdict =>
  judge(drift(given), cause, { ...policy, ...other });

export const changeIn = (events: readonly StockEvent[]): StockChanged => {
  const found = events.flatMap((event) => (event.type === 'StockChanged' ? [event.data] : []));
  const [change] = found;
  if (!change || found.length > 1) throw new Error(`${found.length} changes instead of one`);
  return change;
};
export const levelAfter = ({ events }: Verdict, before = known): Level =>
  events.some(({ type }) => type === 'StockChanged') ? evolve(before, changeIn(events)) : before;
export const types = ({ events }: Verdict) => events.map(({ type }) => type);
export const resolutions = (events: readonly StockEvent[]) =>
  events.flatMap((event) => (event.type === 'DriftResolved' ? [event.data.resolution] : []));
