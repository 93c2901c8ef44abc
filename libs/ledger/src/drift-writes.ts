import {
  type Cause,
  type DocumentApplied,
  type DriftResolved,
  type Instant,
  instantFrom,
  isNoChange,
  type LevelRef,
  millisOf,
  type Naming,
  Problem,
  type StockEvent,
} from '@tallystream/contracts';
import {
  type Decision,
  type DriftCase,
  type DriftPolicy,
  decideReview,
  judge,
  type LevelMove,
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
    /** Documents that were recorded since: see `documentsSince`. */
    documents?: readonly DocumentApplied[];
  }>;

/** How far the clocks of ours that stamp the stream and the question may be apart. */
const OWN_CLOCKS_MS = 60_000;

/** What Zoho did about the time of an answer was recorded later than it was asked, whatever its clock says. */
export const recordedFrom = (
  { asOf, askedAt }: Readonly<{ asOf: Instant; askedAt?: Instant }>,
  { trustMarginMs }: Pick<DriftPolicy, 'trustMarginMs'>,
): Instant =>
  instantFrom(
    askedAt ? millisOf(askedAt) - trustMarginMs - OWN_CLOCKS_MS : millisOf(asOf) - CLOCK_TOLERANCE_MS,
  );

export const judgement = (
  question: DriftQuestion,
  cause: Cause,
  naming: Naming,
  policy: DriftPolicy,
  { dryRun }: Readonly<{ dryRun: boolean }>,
): Write<Verdict> => {
  const { itemId, warehouseId, asOf } = question.observation;
  const subject = naming.levelSubject({ itemId, warehouseId });
  const since = recordedFrom({ ...question, asOf }, policy);
  const level: Need = { kind: 'state', subject };
  const moves: Need = { kind: 'moves', subject, since };
  const named = (question.documents ?? []).flatMap((document) =>
    moveByNothing(document, question.observation),
  );
  const verdictOn = (view: LedgerView): Verdict =>
    judge(
      {
        ...question,
        level: view.level(subject) ?? unknownLevel,
        moves: [...view.moves(subject), ...named],
        lastEvents: view.history(subject),
      },
      cause,
      policy,
    );
  return {
    size: 4,
    // A verdict that writes nothing is not found out to be one on old state.
    fresh: true,
    needs: (view) => {
      if (!view.isLoaded(level)) return [level];
      // What is in flight, or too old, needs no past to be judged, which is the dear part of it.
      const needsNoPast = ['look-again', 'outdated'].includes(verdictOn(view).kind);
      if (!view.isLoaded(moves) && !needsNoPast) return [moves];
      const drifts = driftsIn(verdictOn(view).events, naming);
      return drifts.length === 0 ? [] : [{ kind: 'history', subject }, ...drifts];
    },
    decide: (view) => {
      const verdict = verdictOn(view);
      return { events: dryRun ? [] : verdict.events, result: verdict };
    },
  };
};

/** A document that names a level without moving it has been known in this version only: an earlier one may have. */
const moveByNothing = (
  { document, lines }: DocumentApplied,
  { itemId, warehouseId }: LevelRef,
): readonly LevelMove[] =>
  lines.some((line) => line.itemId === itemId && line.warehouseId === warehouseId && isNoChange(line.delta))
    ? [
        {
          delta: {},
          modifiedAt: document.version,
          ...(document.createdAt && { createdAt: document.createdAt }),
        },
      ]
    : [];

const driftsIn = (events: readonly StockEvent[], naming: Naming): readonly Need[] =>
  events.flatMap((event) =>
    event.type === 'DriftDetected' || event.type === 'DriftResolved'
      ? [{ kind: 'state', subject: naming.driftSubject(event.data.driftId) } as const]
      : [],
  );

export const reviewWrite = (
  decision: Decision,
  cause: Cause,
  naming: Naming,
): Write<DriftResolved | Problem> => {
  const driftSubject = naming.driftSubject(decision.driftId);
  const drift: Need = { kind: 'state', subject: driftSubject };
  const refOf = (view: LedgerView): LevelRef | undefined => view.drift(driftSubject)?.data;
  const refused = (code: 'not_found' | 'conflict', detail: string) => ({
    events: [],
    result: new Problem(code, detail),
  });
  return {
    size: 2,
    fresh: true,
    needs: (view) => {
      if (!view.isLoaded(drift)) return [drift];
      const ref = refOf(view);
      if (!ref) return [];
      const subject = naming.levelSubject(ref);
      const level: Need = { kind: 'state', subject };
      if (!view.isLoaded(level)) return [level];
      const dispute = view.level(subject)?.disputed?.find(({ driftId }) => driftId === decision.driftId);
      if (!dispute) return [];
      return [{ kind: 'moves', subject, since: instantFrom(millisOf(dispute.since) - CLOCK_TOLERANCE_MS) }];
    },
    decide: (view) => {
      const found = refOf(view);
      if (!found) return refused('not_found', `There is no drift ${decision.driftId}.`);
      const ref = { itemId: found.itemId, warehouseId: found.warehouseId };
      const subject = naming.levelSubject(ref);
      const level = view.level(subject) ?? unknownLevel;
      const events = decideReview({ ref, level, moves: view.moves(subject) }, decision, cause);
      const resolved = events?.find((event) => event.type === 'DriftResolved');
      if (!events || !resolved)
        return refused('conflict', `The drift ${decision.driftId} is not open any more.`);
      return { events, result: resolved.data };
    },
  };
};
