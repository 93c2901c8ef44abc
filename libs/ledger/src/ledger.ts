import {
  type Cause,
  type DocumentId,
  type DocumentType,
  instantFrom,
  type LevelRef,
  millisOf,
  type Naming,
  type RunId,
  type StreamSeq,
} from '@tallystream/contracts';
import {
  type AppliedDocument,
  type DocumentDecision,
  decideDocument,
  decideObservation,
  evolve,
  type Level,
  type Observation,
  type ObservationDecision,
  type StockDocument,
  touchedLevels,
  unknownLevel,
} from '@tallystream/domain';
import type { JetStreamConnection } from '@tallystream/jetstream';
import { openEventStore } from './event-store';
import { groupCommit, type Write, type Written } from './group-commit';
import { type Need, type RunEvent, stateCache } from './ledger-view';

/**
 * The book of stock: decides documents and observations against what it holds, and commits the outcome
 * atomically. Any number of ledgers, in any number of processes, may write to one stream.
 */
export type Ledger = Readonly<{
  /**
   * Takes a version of a document into account, exactly once.
   * @throws NatsUnavailable when it is not known whether it was committed: ask again with the same cause
   * @throws QuantityOverflow, WriteTooLarge when it can never be committed
   */
  applyDocument: (document: StockDocument, cause: Cause) => Promise<Written<DocumentDecision>>;
  /** Sets a level to what Zoho said, plus what newer documents did since. Errors as above. */
  applyObservation: (observation: Observation, cause: Cause) => Promise<Written<ObservationDecision>>;
  /** Records what became of a run. Errors as above. */
  recordRun: (event: RunEvent) => Promise<void>;
  /** The newest event of a run; nothing when there was none. */
  run: (id: RunId) => Promise<RunEvent | undefined>;
  /** The newest state of a level as the stream's leader knows it; nothing when it never moved. */
  level: (ref: LevelRef) => Promise<Readonly<{ level: Level; seq: StreamSeq }> | undefined>;
  document: (type: DocumentType, id: DocumentId) => Promise<AppliedDocument>;
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
    applyDocument: (document, cause) => writer.write(documentWrite(document, cause, naming, settings)),
    applyObservation: (observation, cause) =>
      writer.write(observationWrite(observation, cause, naming, settings)),
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
    document: async (type, id) => {
      const stored = await store.newest(naming.documentSubject(type, id));
      return stored?.event.type === 'DocumentApplied' ? stored.event.data : undefined;
    },
    settled: writer.settled,
  };
};

const documentWrite = (
  document: StockDocument,
  cause: Cause,
  naming: Naming,
  settings: LedgerSettings,
): Write<DocumentDecision> => {
  const itself = naming.documentSubject(document.type, document.id);
  const statesOf = (levels: readonly LevelRef[]): readonly Need[] =>
    [...new Set(levels.map(naming.levelSubject))].map((subject) => ({ kind: 'state', subject }));
  const own: readonly Need[] = [{ kind: 'state', subject: itself }, ...statesOf(touchedLevels(document))];
  return {
    size: own.length,
    // The version applied before may name further levels.
    needs: (view) => {
      const applied = view.document(itself);
      return applied ? [...own, ...statesOf(applied.lines)] : own;
    },
    decide: (view) => {
      const levelAt = (ref: LevelRef) => view.level(naming.levelSubject(ref));
      const decision = decideDocument(view.document(itself), levelAt, { document, cause }, settings);
      return { events: decision.events, result: decision };
    },
  };
};

const runWrite = (event: RunEvent, naming: Naming): Write<void> => ({
  size: 1,
  needs: () => [{ kind: 'state', subject: naming.runSubject(event.data.runId) }],
  decide: () => ({ events: [event], result: undefined }),
  fresh: true,
});

/** How far our clock, which stamps the stream, may be ahead of or behind Zoho's. */
const CLOCK_TOLERANCE_MS = 10 * 60_000;

const observationWrite = (
  observation: Observation,
  cause: Cause,
  naming: Naming,
  settings: LedgerSettings,
): Write<ObservationDecision> => {
  const { itemId, warehouseId, asOf } = observation;
  const subject = naming.levelSubject({ itemId, warehouseId });
  const since = instantFrom(millisOf(asOf) - CLOCK_TOLERANCE_MS);
  const level: Need = { kind: 'state', subject };
  return {
    size: 1,
    // An observation that agrees writes nothing, so nothing would find out that it agreed with old state.
    fresh: true,
    needs: (view) => (view.isLoaded(level) ? [{ kind: 'moves', subject, since }] : [level]),
    decide: (view) => {
      const decision = decideObservation(
        view.level(subject) ?? unknownLevel,
        view.moves(subject),
        { observation, cause },
        settings,
      );
      return {
        events: decision.event ? [{ type: 'StockChanged', data: decision.event }] : [],
        result: decision,
      };
    },
  };
};
