import {
  type Cause,
  type DriftResolved,
  type Instant,
  instantFrom,
  type LevelRef,
  millisOf,
  Problem,
  type StockEvent,
} from '@tallystream/contracts';
import {
  type Decision,
  type DriftCase,
  type DriftPolicy,
  decideReview,
  judge,
  unknownLevel,
  type Verdict,
} from '@tallystream/domain';
import type { Write } from './group-commit';
import type { LedgerView, Need } from './ledger-view';
import { CLOCK_TOLERANCE_MS } from './observation-write';

/** What is known of a level from outside the ledger, when Zoho's word on it is judged. */
export type DriftQuestion = Omit<DriftCase, 'level' | 'moves' | 'lastEvents'> &
  Readonly<{
    /** By our clock, when Zoho was asked; absent when that is not known any more. */
    askedAt?: Instant;
  }>;

/** How far the clocks of ours that stamp the stream and the question may be apart. */
const OWN_CLOCKS_MS = 60_000;

export const judgement = (
  question: DriftQuestion,
  cause: Cause,
  policy: DriftPolicy,
  { dryRun }: Readonly<{ dryRun: boolean }>,
): Write<Verdict> => {
  const { itemId, warehouseId, asOf } = question.observation;
  const ref = { itemId, warehouseId };
  // What Zoho did about then was recorded later than it was asked, whatever its clock says.
  const since = question.askedAt
    ? instantFrom(millisOf(question.askedAt) - policy.trustMarginMs - OWN_CLOCKS_MS)
    : instantFrom(millisOf(asOf) - CLOCK_TOLERANCE_MS);
  const level: Need = { kind: 'level', ref };
  const moves: Need = { kind: 'moves', ref, since };
  const verdictOn = (view: LedgerView): Verdict =>
    judge(
      {
        ...question,
        level: view.level(ref) ?? unknownLevel,
        moves: view.moves(ref),
        lastEvents: view.history(ref),
      },
      cause,
      policy,
    );
  return {
    // A verdict that writes nothing is not found out to be one on old state.
    fresh: true,
    needs: (view) => {
      if (!view.isLoaded(level)) return [level];
      if (!view.isLoaded(moves)) return [moves];
      const drifts = driftsIn(verdictOn(view).events);
      return drifts.length === 0 ? [] : [{ kind: 'history', ref }, ...drifts];
    },
    decide: (view) => {
      const verdict = verdictOn(view);
      return { events: dryRun ? [] : verdict.events, result: verdict };
    },
  };
};

const driftsIn = (events: readonly StockEvent[]): readonly Need[] =>
  events.flatMap((event) =>
    event.type === 'DriftDetected' || event.type === 'DriftResolved'
      ? [{ kind: 'drift', id: event.data.driftId } as const]
      : [],
  );

export const reviewWrite = (decision: Decision, cause: Cause): Write<DriftResolved | Problem> => {
  const drift: Need = { kind: 'drift', id: decision.driftId };
  const refOf = (view: LedgerView): LevelRef | undefined => view.drift(decision.driftId)?.data;
  return {
    fresh: true,
    needs: (view) => {
      if (!view.isLoaded(drift)) return [drift];
      const ref = refOf(view);
      if (!ref) return [];
      const level: Need = { kind: 'level', ref };
      if (!view.isLoaded(level)) return [level];
      const dispute = view.level(ref)?.disputed?.find(({ driftId }) => driftId === decision.driftId);
      if (!dispute) return [];
      return [{ kind: 'moves', ref, since: instantFrom(millisOf(dispute.since) - CLOCK_TOLERANCE_MS) }];
    },
    decide: (view) => {
      const found = refOf(view);
      if (!found)
        return { events: [], result: new Problem('not_found', `There is no drift ${decision.driftId}.`) };
      const ref = { itemId: found.itemId, warehouseId: found.warehouseId };
      const level = view.level(ref) ?? unknownLevel;
      const events = decideReview({ ref, level, moves: view.moves(ref) }, decision, cause);
      const resolved = events?.find((event) => event.type === 'DriftResolved');
      if (!events || !resolved)
        return {
          events: [],
          result: new Problem('conflict', `The drift ${decision.driftId} is not open any more.`),
        };
      return { events, result: resolved.data };
    },
  };
};
