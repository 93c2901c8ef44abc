import {
  type DocumentId,
  type DocumentType,
  type DriftId,
  type Instant,
  type LevelEventInShort,
  type LevelRef,
  millisOf,
  type RunId,
  type StockEvent,
} from '@tallystream/contracts';
import { type AppliedDocument, evolve, type Level, type LevelMove, unknownLevel } from '@tallystream/domain';
import { LRUCache } from 'lru-cache';
import type { EventStore, StoredEvent } from './event-store';

/** What a write must know before it can be decided. */
export type Need =
  | Readonly<{ kind: 'level'; ref: LevelRef }>
  | Readonly<{ kind: 'document'; type: DocumentType; id: DocumentId }>
  | Readonly<{ kind: 'run'; id: RunId }>
  | Readonly<{ kind: 'drift'; id: DriftId }>
  /** The last events of a level, as evidence. */
  | Readonly<{ kind: 'history'; ref: LevelRef }>
  /** What documents did to a level since a moment. */
  | Readonly<{ kind: 'moves'; ref: LevelRef; since: Instant }>;

/** The part of the ledger that a group of writes has loaded, with what the group itself has decided so far. */
export type LedgerView = Readonly<{
  level: (ref: LevelRef) => Level | undefined;
  document: (type: DocumentType, id: DocumentId) => AppliedDocument;
  drift: (id: DriftId) => DriftEvent | undefined;
  history: (ref: LevelRef) => readonly LevelEventInShort[];
  moves: (ref: LevelRef) => readonly LevelMove[];
  isLoaded: (need: Need) => boolean;
}>;

type State = Readonly<{
  level?: Level;
  document?: AppliedDocument;
  run?: RunEvent;
  drift?: DriftEvent;
  seq: number;
}>;

/** The newest event of a drift says whether it is open. */
export type DriftEvent = Extract<StockEvent, { type: 'DriftDetected' | 'DriftResolved' }>;

/** The newest event of a run is its state. */
export type RunEvent = Extract<StockEvent, { type: 'SyncStarted' | 'SyncFinished' }>;

/** Newest states, kept between commits. A stale one is found out by the commit's expectation. */
export type StateCache = LRUCache<string, State>;
export const stateCache = (max: number): StateCache => new LRUCache({ max });

/**
 * Loads needs and gathers events. `fresh` reads past the cache, for writes that would otherwise decide on
 * old state without ever committing.
 */
export class WorkingView implements LedgerView {
  private readonly states = new Map<string, State>();
  private readonly recent = new Map<string, { since: number; moves: LevelMove[] }>();
  private readonly histories = new Map<string, readonly LevelEventInShort[]>();

  constructor(
    private readonly store: EventStore,
    private readonly cache: StateCache,
  ) {}

  readonly level = (ref: LevelRef): Level | undefined => this.states.get(this.store.levelSubject(ref))?.level;

  readonly document = (type: DocumentType, id: DocumentId): AppliedDocument =>
    this.states.get(this.store.documentSubject(type, id))?.document;

  readonly moves = (ref: LevelRef): readonly LevelMove[] =>
    this.recent.get(this.store.levelSubject(ref))?.moves ?? [];

  readonly drift = (id: DriftId): DriftEvent | undefined =>
    this.states.get(this.store.driftSubject(id))?.drift;

  readonly history = (ref: LevelRef): readonly LevelEventInShort[] =>
    this.histories.get(this.store.levelSubject(ref)) ?? [];

  readonly isLoaded = (need: Need): boolean => {
    const subject = this.subjectOf(need);
    if (need.kind === 'history') return this.histories.has(subject);
    if (need.kind !== 'moves') return this.states.has(subject);
    const recent = this.recent.get(subject);
    return recent !== undefined && recent.since <= millisOf(need.since);
  };

  async load(needs: readonly Need[], { fresh }: Readonly<{ fresh: boolean }>): Promise<void> {
    const missing = new Map(
      needs.filter((need) => !this.isLoaded(need)).map((need) => [keyOf(need, this.subjectOf(need)), need]),
    );
    const all = [...missing.values()];
    const pasts = all.flatMap((need) => {
      if (need.kind === 'moves') return [this.loadMoves(need)];
      return need.kind === 'history' ? [this.loadHistory(need)] : [];
    });
    const states = all.filter(({ kind }) => kind !== 'moves' && kind !== 'history');
    await Promise.all([...pasts, fresh ? this.loadFresh(states) : this.loadKnown(states)]);
  }

  /** Takes decided events in, so that the next write of the group builds on them. */
  append(events: readonly StockEvent[]): void {
    for (const event of events) {
      const subject = this.store.subjectOf(event);
      const seq = this.states.get(subject)?.seq ?? 0;
      this.states.set(subject, { ...stateOf(event), seq });
      const recent = this.recent.get(subject);
      const move = moveOf(event);
      if (recent && move) recent.moves.push(move);
    }
  }

  /** The sequences that the subjects of `events` must still have. */
  expectations(events: readonly StockEvent[]): ReadonlyMap<string, number> {
    const subjects = new Set(events.map(this.store.subjectOf));
    return new Map([...subjects].map((subject) => [subject, this.states.get(subject)?.seq ?? 0]));
  }

  /** After a successful commit: `lastSeq` is the sequence of the last event. */
  committed(events: readonly StockEvent[], lastSeq: number): void {
    events.forEach((event, index) => {
      const seq = lastSeq - (events.length - 1 - index);
      this.cache.set(this.store.subjectOf(event), { ...stateOf(event), seq });
    });
  }

  /** After a failed commit: whatever was loaded may be old. */
  forget(): void {
    for (const subject of this.states.keys()) this.cache.delete(subject);
  }

  private async loadMoves(need: Extract<Need, { kind: 'moves' }>): Promise<void> {
    const subject = this.subjectOf(need);
    const events = await this.store.since(subject, need.since);
    this.recent.set(subject, {
      since: millisOf(need.since),
      moves: events.flatMap(({ event }) => moveOf(event) ?? []),
    });
  }

  private async loadHistory(need: Extract<Need, { kind: 'history' }>): Promise<void> {
    const subject = this.subjectOf(need);
    const events = await this.store.last(subject, EVIDENCE);
    this.histories.set(
      subject,
      events.flatMap(({ event }) => inShort(event) ?? []),
    );
  }

  /** What the stream's leader says now. */
  private async loadFresh(needs: readonly Need[]): Promise<void> {
    await Promise.all(
      needs.map(async (need) => {
        const subject = this.subjectOf(need);
        this.keep(need, subject, loadedState(need, await this.store.newest(subject)));
      }),
    );
  }

  /** From the cache, and the rest in one request: if it is old, the commit finds out. */
  private async loadKnown(needs: readonly Need[]): Promise<void> {
    const wanted = needs.map((need) => {
      const subject = this.subjectOf(need);
      return { need, subject, cached: this.cache.get(subject) };
    });
    const unknown = wanted.flatMap(({ subject, cached }) => (cached ? [] : [subject]));
    const stored = unknown.length === 0 ? undefined : await this.store.newestOf(unknown);
    for (const { need, subject, cached } of wanted) {
      this.keep(need, subject, cached ?? loadedState(need, stored?.get(subject)));
    }
  }

  private keep(need: Need, subject: string, state: State): void {
    this.cache.set(subject, state);
    this.states.set(subject, state);
    // A level that never moved has no moves to load; those that this group makes are its first.
    if (need.kind === 'level' && state.seq === 0) this.recent.set(subject, { since: 0, moves: [] });
  }

  private subjectOf(need: Need): string {
    switch (need.kind) {
      case 'level':
      case 'moves':
      case 'history':
        return this.store.levelSubject(need.ref);
      case 'document':
        return this.store.documentSubject(need.type, need.id);
      case 'run':
        return this.store.runSubject(need.id);
      case 'drift':
        return this.store.driftSubject(need.id);
    }
  }
}

/** Events of a level that a drift keeps as evidence. */
const EVIDENCE = 5;

const keyOf = (need: Need, subject: string): string =>
  `${need.kind === 'moves' || need.kind === 'history' ? need.kind : 'state'} ${subject}`;

const loadedState = (need: Need, stored: StoredEvent | undefined): State => {
  if (stored) return { ...stateOf(stored.event), seq: stored.seq };
  return need.kind === 'level' ? { level: unknownLevel, seq: 0 } : { seq: 0 };
};

const stateOf = (event: StockEvent): Omit<State, 'seq'> => {
  switch (event.type) {
    case 'StockChanged':
      return { level: evolve(unknownLevel, event.data) };
    case 'DocumentApplied':
      return { document: event.data };
    case 'DriftDetected':
    case 'DriftResolved':
      return { drift: event };
    case 'SyncStarted':
    case 'SyncFinished':
      return { run: event };
  }
};

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
