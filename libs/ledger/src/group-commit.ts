import { setTimeout as pause } from 'node:timers/promises';
import { Problem, type StockEvent, type StreamSeq, streamSeq } from '@tallystream/contracts';
import { CommitConflict, MAX_BATCH, NatsUnavailable } from '@tallystream/jetstream';
import type { EventStore, Origin } from './event-store';
import { type LedgerView, type Need, type StateCache, WorkingView } from './ledger-view';

/** Something to be written: what it needs to see, and what it then decides. Both are pure. */
export type Write<Result> = Readonly<{
  /** How many events it may come to, as far as can be told before anything is loaded. */
  size: number;
  /** Asked again after each load, until nothing is missing. */
  needs: (view: LedgerView) => readonly Need[];
  decide: (view: LedgerView) => Readonly<{ events: readonly StockEvent[]; result: Result }>;
  /** Decide only on what the stream's leader says now. */
  fresh?: boolean;
  /** Goes into the headers of its events. */
  origin?: Origin;
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

type Decided = Readonly<{ waiting: Waiting; events: number; result: unknown }>;

/** A group of writes, decided one on top of the other. */
type Round = Readonly<{
  decided: readonly Decided[];
  /** Writes whose decision threw. */
  refused: readonly Readonly<{ waiting: Waiting; error: unknown }>[];
  /** Writes for which the batch has no room. */
  left: readonly Waiting[];
}>;

/** What goes into one batch. */
type Prepared = Readonly<{
  view: WorkingView;
  group: readonly Waiting[];
  /** Why nothing was decided: something could not be loaded. */
  failure?: unknown;
}> &
  Round;

const MAX_GROUP = 256;
const MAX_TRIES = 50;
const CONFLICT_PAUSE_MS = { first: 2, longest: 200 };

/**
 * Folds the writes that wait into one atomic batch, commits it, and takes the next ones: under load a batch
 * costs little more than a single write. One batch is in flight at a time, so writes to one level follow
 * each other; when there is more than one batch full of writes, the next batch is decided meanwhile, as if
 * the one in flight were committed. When a group conflicts with another writer, its writes go alone, each
 * loading anew.
 */
export const groupCommit = (store: EventStore, cache: StateCache) => {
  let queue: Waiting[] = [];
  let running: Promise<void> | undefined;

  const take = (count: number): readonly Waiting[] => {
    const group = queue.slice(0, count);
    queue = queue.slice(count);
    return group;
  };
  const prepareNext = async (count: number, inFlight?: WorkingView): Promise<Prepared> => {
    const prepared = await prepare(new WorkingView(store, cache), take(count), inFlight);
    queue = [...prepared.left, ...queue];
    return prepared;
  };
  /** Only a full batch is worth it: fewer writes had better wait for those that come in the meantime. */
  const prepareAhead = async (inFlight: WorkingView): Promise<Prepared | undefined> => {
    const count = fitting(queue);
    const isFull = count < queue.length;
    const isFresh = queue.slice(0, count).some(({ write }) => write.fresh);
    return isFull && !isFresh ? prepareNext(count, inFlight) : undefined;
  };

  const run = async () => {
    let ahead: Prepared | undefined;
    while (ahead || queue.length > 0) {
      const current: Prepared = ahead ?? (await prepareNext(fitting(queue)));
      const finished = finish(store, cache, current);
      ahead = await prepareAhead(current.view);
      if ((await finished) || !ahead) continue;
      // It was decided on what did not come about.
      queue = [...ahead.group, ...queue];
      ahead = undefined;
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

/** How many of the writes, from the first, fit into one batch; at least one. */
const fitting = (queue: readonly Waiting[]): number => {
  let size = 0;
  const end = queue.findIndex(({ write }, index) => {
    size += write.size;
    return index === MAX_GROUP || (index > 0 && size > MAX_BATCH);
  });
  return end < 0 ? queue.length : end;
};

/** Loads and decides. */
const prepare = async (
  view: WorkingView,
  group: readonly Waiting[],
  inFlight?: WorkingView,
): Promise<Prepared> => {
  try {
    await loadNeeds(view, group, inFlight);
    const round = decideAll(view, group);
    return { view, group: group.slice(0, group.length - round.left.length), ...round };
  } catch (failure) {
    return { view, group, failure, decided: [], refused: [], left: [] };
  }
};

/** @returns whether everything was committed as it was decided */
const finish = async (
  store: EventStore,
  cache: StateCache,
  { view, group, decided, refused, failure }: Prepared,
): Promise<boolean> => {
  // What cannot be decided may have been decided on old state: once more, on what the leader says now.
  let alone = refused.map(({ waiting }) => waiting);
  try {
    if (failure) throw failure;
    await commit(view, decided);
  } catch (error) {
    view.forget();
    if (error instanceof NatsUnavailable) {
      for (const waiting of group) waiting.reject(error);
      return false;
    }
    // A conflict, or one write that cannot be loaded: alone, none can hold up another.
    alone = [...group];
  }
  for (const waiting of alone) await commitAlone(store, cache, waiting);
  return alone.length === 0;
};

const commitAlone = async (store: EventStore, cache: StateCache, waiting: Waiting): Promise<void> => {
  const alone = [{ ...waiting, write: { ...waiting.write, fresh: true } }];
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const view = new WorkingView(store, cache);
    try {
      await loadNeeds(view, alone);
      const { decided, refused } = decideAll(view, alone);
      for (const { error } of refused) throw error;
      await commit(view, decided);
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

const loadNeeds = async (
  view: WorkingView,
  group: readonly Waiting[],
  inFlight?: WorkingView,
): Promise<void> => {
  for (;;) {
    const fresh: Need[] = [];
    const known = new Set<string>();
    for (const { write } of group) {
      for (const need of write.needs(view)) {
        if (view.isLoaded(need)) continue;
        if (write.fresh || need.kind === 'moves') fresh.push(need);
        else known.add(need.subject);
      }
    }
    if (fresh.length === 0 && known.size === 0) return;
    // Fresh first: what one write must not take from the cache, no other write of the group takes from it.
    if (fresh.length > 0) await view.loadFresh(fresh);
    await view.loadKnown(known, inFlight);
  }
};

/** Decides one write after the other, each on top of the ones before it, until the batch is full. */
const decideAll = (view: WorkingView, group: readonly Waiting[]): Round => {
  const decided: Decided[] = [];
  const refused: { waiting: Waiting; error: unknown }[] = [];
  for (const [index, waiting] of group.entries()) {
    try {
      const { events, result } = waiting.write.decide(view);
      if (events.length > MAX_BATCH) throw new WriteTooLarge(events.length);
      if (view.size() + events.length > MAX_BATCH) return { decided, refused, left: group.slice(index) };
      view.append(events, waiting.write.origin);
      decided.push({ waiting, events: events.length, result });
    } catch (error) {
      refused.push({ waiting, error });
    }
  }
  return { decided, refused, left: [] };
};

const commit = async (view: WorkingView, decided: readonly Decided[]): Promise<void> => {
  let seq = await view.commit();
  for (const { waiting, events, result } of decided) {
    seq += events;
    waiting.resolve(events > 0 ? { result, seq: streamSeq(seq) } : { result });
  }
};
