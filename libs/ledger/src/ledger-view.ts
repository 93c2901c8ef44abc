import { type Instant, type LevelEventInShort, millisOf, type StockEvent } from '@tallystream/contracts';
import { type AppliedDocument, evolve, type Level, type LevelMove, unknownLevel } from '@tallystream/domain';
import { LRUCache } from 'lru-cache';
import type { EventStore, EventToAppend, Origin, StoredEvent } from './event-store';

/** What a write must know before it can be decided: the newest state of an aggregate, by its subject, … */
export type Need =
  | Readonly<{ kind: 'state'; subject: string }>
  /** … the last events of a level, as evidence, … */
  | Readonly<{ kind: 'history'; subject: string }>
  /** … or what documents did to a level since a moment, of which the state has been loaded. */
  | Readonly<{ kind: 'moves'; subject: string; since: Instant }>;

/** The part of the ledger that a group of writes has loaded, with what the group itself has decided so far. */
export type LedgerView = Readonly<{
  level: (subject: string) => Level | undefined;
  document: (subject: string) => AppliedDocument;
  drift: (subject: string) => DriftEvent | undefined;
  moves: (subject: string) => readonly LevelMove[];
  history: (subject: string) => readonly LevelEventInShort[];
  isLoaded: (need: Need) => boolean;
}>;

/**
 * What the newest event of an aggregate says. `seq` is its sequence, 0 when there is none; while the batch that
 * brings it is in flight, it is not known.
 */
export type State = {
  readonly level?: Level;
  readonly document?: AppliedDocument;
  readonly drift?: DriftEvent;
  seq: number;
  /** When it was recorded, by the server's clock; of what we wrote ourselves, not known. */
  readonly storedAt?: Instant;
};

/** The newest event of a drift says whether it is open. */
export type DriftEvent = Extract<StockEvent, { type: 'DriftDetected' | 'DriftResolved' }>;

/** The newest event of a run is its state. */
export type RunEvent = Extract<StockEvent, { type: 'SyncStarted' | 'SyncFinished' }>;

/** Newest states, kept between commits. A stale one is found out by the commit's expectation. */
export type StateCache = LRUCache<string, State>;

/** A line of a document takes about as much memory as a level: a document counts with all its lines. */
export const stateCache = (max: number): StateCache =>
  new LRUCache({ maxSize: max, sizeCalculation: ({ document }) => 1 + (document?.lines.length ?? 0) });

const NOT_YET = Number.NaN;

/** `newest` is `loaded` until the group decides otherwise. */
type Aggregate = { readonly loaded: State; newest: State };

/** `state` is what the event makes of its aggregate. */
type Decided = EventToAppend & Readonly<{ state: State }>;

/** Loads what a group of writes needs, gathers what they decide, and commits that as one batch. */
export class WorkingView implements LedgerView {
  private readonly aggregates = new Map<string, Aggregate>();
  private readonly recent = new Map<string, { since: number; moves: LevelMove[] }>();
  private readonly histories = new Map<string, readonly LevelEventInShort[]>();
  private readonly batch: Decided[] = [];

  constructor(
    private readonly store: EventStore,
    private readonly cache: StateCache,
  ) {}

  readonly level = (subject: string): Level | undefined => this.aggregates.get(subject)?.newest.level;

  readonly document = (subject: string): AppliedDocument => this.aggregates.get(subject)?.newest.document;

  readonly drift = (subject: string): DriftEvent | undefined => this.aggregates.get(subject)?.newest.drift;

  readonly moves = (subject: string): readonly LevelMove[] => this.recent.get(subject)?.moves ?? [];

  readonly history = (subject: string): readonly LevelEventInShort[] => this.histories.get(subject) ?? [];

  readonly isLoaded = (need: Need): boolean => {
    if (need.kind === 'history') return this.histories.has(need.subject);
    if (need.kind === 'state') return this.aggregates.has(need.subject);
    const recent = this.recent.get(need.subject);
    return recent !== undefined && recent.since <= millisOf(need.since);
  };

  /** Whether the group has decided something about an aggregate. */
  readonly isDecided = (subject: string): boolean => {
    const aggregate = this.aggregates.get(subject);
    return aggregate !== undefined && aggregate.newest !== aggregate.loaded;
  };

  /** How many events the group has decided. */
  readonly size = (): number => this.batch.length;

  /** What the stream's leader says now: for writes that could decide on old state without ever committing. */
  async loadFresh(needs: readonly Need[]): Promise<void> {
    const missing = [...new Map(needs.map((need) => [need.kind + need.subject, need])).values()];
    const states = missing.flatMap(({ kind, subject }) => (kind === 'state' ? subject : []));
    const stored = await this.store.newestNow(states);
    for (const subject of states) this.keep(subject, stored.get(subject));
    await Promise.all(missing.map((need) => (need.kind === 'state' ? undefined : this.loadPast(need))));
  }

  /**
   * From memory, and the rest in one request: if it is old, the commit finds out.
   * @param inFlight the view of a batch that is being committed: taken for committed
   */
  async loadKnown(subjects: ReadonlySet<string>, inFlight?: WorkingView): Promise<void> {
    const unknown: string[] = [];
    for (const subject of subjects) {
      if (this.aggregates.has(subject)) continue;
      const state = inFlight?.aggregates.get(subject)?.newest ?? this.cache.get(subject);
      if (state) this.aggregates.set(subject, { loaded: state, newest: state });
      else unknown.push(subject);
    }
    if (unknown.length === 0) return;
    const stored = await this.store.newestOf(unknown);
    for (const subject of unknown) this.keep(subject, stored.get(subject));
  }

  /** Takes decided events in, so that the next write of the group builds on them. */
  append(events: readonly StockEvent[], origin?: Origin): void {
    for (const event of events) {
      const subject = this.store.subjectOf(event);
      const aggregate = this.aggregates.get(subject) ?? this.add(subject, { seq: 0 });
      const isFirst = aggregate.newest === aggregate.loaded;
      const state = stateOf(event, NOT_YET);
      this.batch.push({
        event,
        subject,
        state,
        ...(isFirst ? { after: aggregate.loaded } : {}),
        ...(origin ? { origin } : {}),
      });
      aggregate.newest = state;
      const recent = this.recent.get(subject);
      const move = recent && moveOf(event);
      if (move) recent.moves.push(move);
    }
  }

  /**
   * Commits what was decided; from then on the states of this view are in the stream.
   * @returns the sequence before the first event
   */
  async commit(): Promise<number> {
    if (this.batch.length === 0) return 0;
    const before = (await this.store.append(this.batch)) - this.batch.length;
    this.batch.forEach(({ subject, state }, index) => {
      state.seq = before + index + 1;
      this.cache.set(subject, state);
    });
    return before;
  }

  /** After a failed commit: whatever was loaded may be old. */
  forget(): void {
    for (const subject of this.aggregates.keys()) this.cache.delete(subject);
  }

  private async loadPast(need: Exclude<Need, { kind: 'state' }>): Promise<void> {
    const { subject } = need;
    if (need.kind === 'history') {
      const events = await this.store.last(subject, EVIDENCE);
      this.histories.set(
        subject,
        events.flatMap(({ event }) => inShort(event) ?? []),
      );
      return;
    }
    const { seq = 0, storedAt } = this.aggregates.get(subject)?.loaded ?? {};
    const isOld = storedAt !== undefined && millisOf(storedAt) < millisOf(need.since);
    const moves = isOld ? [] : movesOf(await this.store.since(subject, need.since, seq));
    this.recent.set(subject, { since: millisOf(need.since), moves });
  }

  private keep(subject: string, stored: StoredEvent | undefined): void {
    const state = stored ? { storedAt: stored.storedAt, ...stateOf(stored.event, stored.seq) } : { seq: 0 };
    this.cache.set(subject, state);
    this.add(subject, state);
  }

  private add(subject: string, state: State): Aggregate {
    const aggregate = { loaded: state, newest: state };
    this.aggregates.set(subject, aggregate);
    // What never moved has no moves to load; those that this group makes are its first.
    if (state.seq === 0) this.recent.set(subject, { since: 0, moves: [] });
    return aggregate;
  }
}

/** Events of a level that a drift keeps as evidence. */
const EVIDENCE = 5;

const stateOf = (event: StockEvent, seq: number): State => {
  switch (event.type) {
    case 'StockChanged':
      return { level: evolve(unknownLevel, event.data), seq };
    case 'DocumentApplied':
      return { document: event.data, seq };
    case 'DriftDetected':
    case 'DriftResolved':
      return { drift: event, seq };
    case 'SyncStarted':
    case 'SyncFinished':
      return { seq };
  }
};

const movesOf = (stored: readonly StoredEvent[]): LevelMove[] =>
  stored.flatMap(({ event }) => moveOf(event) ?? []);

const moveOf = (event: StockEvent): LevelMove | undefined => {
  if (event.type !== 'StockChanged' || !event.data.document) return undefined;
  const { version, createdAt } = event.data.document;
  return { delta: event.data.delta, modifiedAt: version, ...(createdAt ? { createdAt } : {}) };
};

const inShort = (event: StockEvent): LevelEventInShort | undefined => {
  if (event.type !== 'StockChanged') return undefined;
  const { revision, reason, delta, document, cause, occurredAt } = event.data;
  return { revision, reason, delta, ...(document ? { document } : {}), cause, occurredAt };
};
