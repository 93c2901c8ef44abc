import {
  type Cause,
  type DocumentApplied,
  type DocumentId,
  type DocumentType,
  type DriftResolved,
  type Instant,
  type ItemId,
  type LevelRef,
  type Naming,
  Problem,
  type RunId,
  type StreamSeq,
} from '@tallystream/contracts';
import {
  type AppliedDocument,
  type Decision,
  type DocumentDecision,
  type DriftPolicy,
  evolve,
  type Level,
  type Observation,
  type ObservationDecision,
  type StockDocument,
  unknownLevel,
  type Verdict,
} from '@tallystream/domain';
import type { JetStreamConnection } from '@tallystream/jetstream';
import { documentWrite } from './document-write';
import { type DriftQuestion, judgement, reviewWrite } from './drift-writes';
import { type Origin, openEventStore } from './event-store';
import { groupCommit, type Write, type Written } from './group-commit';
import { type RunEvent, stateCache } from './ledger-view';
import { levelsOfItems, type StoredLevel } from './levels-of-items';
import { type DocumentName, documentsSince, newestDocuments } from './newest-documents';
import { observationWrite } from './observation-write';

/**
 * The book of stock: decides documents and observations against what it holds, and commits the outcome
 * atomically. Any number of ledgers, in any number of processes, may write to one stream.
 */
export type Ledger = Readonly<{
  /**
   * Takes a version of a document into account, exactly once. The origin only goes into headers.
   * @throws NatsUnavailable when it is not known whether it was committed: ask again with the same cause
   * @throws QuantityOverflow, WriteTooLarge when it can never be committed
   */
  applyDocument: (
    document: StockDocument,
    cause: Cause,
    origin?: Origin,
  ) => Promise<Written<DocumentDecision>>;
  /** Sets a level to what Zoho said, plus what newer documents did since. Errors as above. */
  applyObservation: (observation: Observation, cause: Cause) => Promise<Written<ObservationDecision>>;
  /**
   * Judges what Zoho said of a level, and commits what the verdict asks for; if the level moved meanwhile, it
   * is judged again. A dry run gives the verdict and commits nothing. Errors as above.
   */
  judge: (
    question: DriftQuestion,
    cause: Cause,
    policy: DriftPolicy,
    options: Readonly<{ dryRun: boolean }>,
  ) => Promise<Verdict>;
  /**
   * Approves or rejects a drift that is held.
   * @throws Problem `not_found` when there never was such a drift, `conflict` when it is not open any more
   */
  review: (decision: Decision, cause: Cause) => Promise<DriftResolved>;
  /** Records what became of a run. Errors as above. */
  recordRun: (event: RunEvent) => Promise<void>;
  /** The newest event of a run; nothing when there was none. */
  run: (id: RunId) => Promise<RunEvent | undefined>;
  /** The newest state of a level as the stream's leader knows it; nothing when it never moved. */
  level: (ref: LevelRef) => Promise<Readonly<{ level: Level; seq: StreamSeq }> | undefined>;
  /** The newest state of every level of some items; see `levelsOfItems`. */
  levelsOfItems: (items: readonly ItemId[]) => Promise<ReadonlyMap<ItemId, readonly StoredLevel[]>>;
  document: (type: DocumentType, id: DocumentId) => Promise<AppliedDocument>;
  /** The newest version of each of many documents; see `newestDocuments`. */
  documents: (names: readonly DocumentName[]) => Promise<ReadonlyMap<string, DocumentApplied>>;
  /** Every version of any document that was recorded since a moment of our clock. @throws NatsUnavailable */
  documentsSince: (moment: Instant) => Promise<readonly DocumentApplied[]>;
  /** Resolves when no commit waits or is in flight. */
  settled: () => Promise<void>;
}>;

export type LedgerSettings = Readonly<{
  /** How far apart two of Zoho's times must be to be told apart, in milliseconds. */
  trustMarginMs: number;
  /** How many newest states are kept in memory, of levels and lines of documents; each takes about 500 bytes. */
  cachedStates: number;
  now: () => number;
}>;

export const defaultLedgerSettings: LedgerSettings = {
  trustMarginMs: 2_000,
  cachedStates: 50_000,
  now: Date.now,
};

export const openLedger = (
  connection: JetStreamConnection,
  naming: Naming,
  settings: LedgerSettings = defaultLedgerSettings,
): Ledger => {
  const store = openEventStore(connection, naming, settings.now);
  const writer = groupCommit(store, stateCache(settings.cachedStates));
  return {
    applyDocument: (document, cause, origin) =>
      writer.write({
        ...documentWrite(document, cause, naming, settings),
        ...(origin ? { origin } : {}),
      }),
    applyObservation: (observation, cause) =>
      writer.write(observationWrite(observation, cause, naming, settings)),
    judge: async (question, cause, policy, options) =>
      (await writer.write(judgement(question, cause, naming, policy, options))).result,
    review: async (decision, cause) => {
      const { result } = await writer.write(reviewWrite(decision, cause, naming));
      if (result instanceof Problem) throw result;
      return result;
    },
    recordRun: async (event) => {
      await writer.write(runWrite(event, naming));
    },
    run: async (id) => {
      const event = (await store.newest(naming.runSubject(id)))?.event;
      return event?.type === 'SyncStarted' || event?.type === 'SyncFinished' ? event : undefined;
    },
    level: async (ref) => {
      const stored = await store.newest(naming.levelSubject(ref));
      if (stored?.event.type !== 'StockChanged') return undefined;
      return { level: evolve(unknownLevel, stored.event.data), seq: stored.seq };
    },
    levelsOfItems: (items) => levelsOfItems(connection, naming, items),
    document: async (type, id) => {
      const stored = await store.newest(naming.documentSubject(type, id));
      return stored?.event.type === 'DocumentApplied' ? stored.event.data : undefined;
    },
    documents: (names) => newestDocuments(connection, naming, names),
    documentsSince: (moment) => documentsSince(connection, naming, moment),
    settled: writer.settled,
  };
};

const runWrite = (event: RunEvent, naming: Naming): Write<void> => ({
  size: 1,
  needs: () => [{ kind: 'state', subject: naming.runSubject(event.data.runId) }],
  decide: () => ({ events: [event], result: undefined }),
  fresh: true,
});
