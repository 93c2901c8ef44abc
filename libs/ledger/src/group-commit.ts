import { setTimeout as pause } from 'node:timers/promises';
import { Problem, type StockEvent, type StreamSeq, streamSeq } from '@tallystream/contracts';
import { CommitConflict, MAX_BATCH, NatsUnavailable } from '@tallystream/jetstream';
import type { EventStore } from './event-store';
import { type LedgerView, type Need, type StateCache, WorkingView } from './ledger-view';

/** Something to be written: what it needs to see, and what it then decides. Both are pure. */
export type Write<Result> = Readonly<{
  /** Asked again after each load, until nothing is missing. */
  needs: (view: LedgerView) => readonly Need[];
  decide: (view: LedgerView) => Readonly<{ events: readonly StockEvent[]; result: Result }>;
  /** Decide only on what the stream's leader says now. */
  fresh?: boolean;
}>;

/** `seq` is the sequence of the write's last event; nothing when it wrote none. */
export type Written<Result> = Readonly<{ result: Result; seq?: StreamSeq }>;

/** One write would be larger than one atomic batch: it cannot be whole-or-nothing, so it is refused. */
export class WriteTooLarge extends Error {
  constructor(events: number) {
    super(`${events} events do not fit into one atomic batch of ${MAX_BATCH}`);
    this.name = 'WriteTooLarge';
  }
}

type Waiting = Readonly<{
  write: Write<unknown>;
  resolve: (written: Written<unknown>) => void;
  reject: (error: unknown) => void;
}>;

type Decided = Readonly<{ waiting: Waiting; events: readonly StockEvent[]; result: unknown }>;

const MAX_GROUP = 256;
const MAX_TRIES = 50;
const CONFLICT_PAUSE_MS = { first: 2, longest: 200 };

/**
 * Folds the writes that wait into one atomic batch, commits it, and takes the next ones: under load a batch
 * costs little more than a single write. One batch is in flight at a time, so writes to one level follow
 * each other. When a group conflicts with another writer, its writes go alone, each loading anew.
 */
export const groupCommit = (store: EventStore, cache: StateCache) => {
  let queue: Waiting[] = [];
  let running: Promise<void> | undefined;

  const run = async () => {
    while (queue.length > 0) {
      const group = queue.slice(0, MAX_GROUP);
      queue = queue.slice(MAX_GROUP);
      const left = await commitGroup(store, cache, group);
      queue = [...left, ...queue];
    }
    running = undefined;
  };

  return {
    write: <Result>(write: Write<Result>): Promise<Written<Result>> =>
      new Promise<Written<Result>>((resolve, reject) => {
        queue.push({ write, resolve: (written) => resolve(written as Written<Result>), reject });
        running ??= run();
      }),
    /** Resolves when nothing waits and nothing is in flight. */
    settled: async (): Promise<void> => running,
  };
};

/** Commits what fits into one batch and returns the writes that are left for the next. */
const commitGroup = async (
  store: EventStore,
  cache: StateCache,
  group: readonly Waiting[],
): Promise<readonly Waiting[]> => {
  const view = new WorkingView(store, cache);
  const round: Round = { decided: [], refused: [], left: [] };
  try {
    await loadNeeds(view, group);
    Object.assign(round, decideAll(view, group));
    await commit(store, view, round.decided);
  } catch (error) {
    view.forget();
    const failed = round.decided.length > 0 ? round.decided.map(({ waiting }) => waiting) : group;
    if (error instanceof NatsUnavailable) {
      for (const waiting of failed) waiting.reject(error);
      return round.left;
    }
    // A conflict, or one write that cannot be loaded: alone, none can hold up another.
    for (const waiting of failed) await commitAlone(store, cache, waiting);
    if (failed === group) return [];
  }
  // What cannot be decided may have been decided on old state: once more, on what the leader says now.
  for (const { waiting } of round.refused) await commitAlone(store, cache, waiting);
  return round.left;
};

const commitAlone = async (store: EventStore, cache: StateCache, waiting: Waiting): Promise<void> => {
  const alone = [{ ...waiting, write: { ...waiting.write, fresh: true } }];
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const view = new WorkingView(store, cache);
    try {
      await loadNeeds(view, alone);
      const { decided, refused } = decideAll(view, alone);
      for (const { error } of refused) throw error;
      await commit(store, view, decided);
      return;
    } catch (error) {
      view.forget();
      if (!(error instanceof CommitConflict)) return waiting.reject(error);
      const longest = Math.min(CONFLICT_PAUSE_MS.first * 2 ** attempt, CONFLICT_PAUSE_MS.longest);
      await pause(Math.random() * longest);
    }
  }
  const detail = `gave way to other writers ${MAX_TRIES} times`;
  waiting.reject(new Problem('store_unavailable', detail, { retryAfterSeconds: 1 }));
};

const loadNeeds = async (view: WorkingView, group: readonly Waiting[]): Promise<void> => {
  for (;;) {
    const missing = group.flatMap(({ write }) =>
      write
        .needs(view)
        .filter((need) => !view.isLoaded(need))
        .map((need) => ({ need, fresh: write.fresh === true })),
    );
    if (missing.length === 0) return;
    // Fresh first: what one write must not take from the cache, no other write of the group takes from it.
    await view.load(needsOf(missing, true), { fresh: true });
    await view.load(needsOf(missing, false), { fresh: false });
  }
};

const needsOf = (missing: readonly Readonly<{ need: Need; fresh: boolean }>[], wanted: boolean) =>
  missing.filter(({ fresh }) => fresh === wanted).map(({ need }) => need);

type Round = {
  decided: readonly Decided[];
  /** Writes whose decision threw. */
  refused: readonly Readonly<{ waiting: Waiting; error: unknown }>[];
  /** Writes for which the batch has no room. */
  left: readonly Waiting[];
};

/** Decides one write after the other, each on top of the ones before it, until the batch is full. */
const decideAll = (view: WorkingView, group: readonly Waiting[]): Round => {
  const decided: Decided[] = [];
  const refused: { waiting: Waiting; error: unknown }[] = [];
  let size = 0;
  for (const [index, waiting] of group.entries()) {
    try {
      const { events, result } = waiting.write.decide(view);
      if (events.length > MAX_BATCH) throw new WriteTooLarge(events.length);
      if (size + events.length > MAX_BATCH) return { decided, refused, left: group.slice(index) };
      size += events.length;
      view.append(events);
      decided.push({ waiting, events, result });
    } catch (error) {
      refused.push({ waiting, error });
    }
  }
  return { decided, refused, left: [] };
};

const commit = async (store: EventStore, view: WorkingView, decided: readonly Decided[]): Promise<void> => {
  const events = decided.flatMap((one) => one.events);
  const lastSeq = events.length === 0 ? 0 : await store.append(events, view.expectations(events));
  if (events.length > 0) view.committed(events, lastSeq);
  let seq = lastSeq - events.length;
  for (const { waiting, events: own, result } of decided) {
    seq += own.length;
    waiting.resolve(own.length > 0 ? { result, seq: streamSeq(seq) } : { result });
  }
};
