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

type Decided = Readonly<{
  waiting: Waiting;
  events: number;
  result: unknown;
  /** Writes nothing, and was decided on what the leader said alone: true whatever becomes of the batch. */
  isCertain: boolean;
}>;

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
 * the one in flight were committed. A group that conflicts with another writer is loaded anew and committed in
 * smaller parts.
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
const finish = async (store: EventStore, cache: StateCache, prepared: Prepared): Promise<boolean> => {
  const { isCommitted, again } = await attempt(prepared);
  await commitAgain(store, cache, again);
  return isCommitted && again.length === 0;
};

type Attempt = Readonly<{
  isCommitted: boolean;
  /** What has to be decided once more, on what the leader says now. */
  again: readonly Waiting[];
}>;

const attempt = async ({ view, group, decided, refused, failure }: Prepared): Promise<Attempt> => {
  try {
    if (failure) throw failure;
    await commit(view, decided);
    // What cannot be decided may have been decided on old state.
    return { isCommitted: true, again: refused.map(({ waiting }) => waiting) };
  } catch (error) {
    view.forget();
    if (error instanceof NatsUnavailable) {
      for (const waiting of group) waiting.reject(error);
      return { isCommitted: false, again: [] };
    }
    // A conflict, or one write that cannot be loaded.
    const certain = new Set(decided.filter(({ isCertain }) => isCertain).map(({ waiting }) => waiting));
    for (const { waiting, result } of decided) if (certain.has(waiting)) waiting.resolve({ result });
    return { isCommitted: false, again: group.filter((waiting) => !certain.has(waiting)) };
  }
};

/**
 * One half after the other, each as a batch of its own; what fails again is halved again. So a level that somebody
 * else has written to costs a batch or two, and a write that cannot be made soon stands alone.
 */
const commitAgain = async (
  store: EventStore,
  cache: StateCache,
  writes: readonly Waiting[],
): Promise<void> => {
  const fresh = writes.map((waiting) => ({ ...waiting, write: { ...waiting.write, fresh: true } }));
  const [first, ...others] = fresh;
  if (!first) return;
  if (others.length === 0) return commitAlone(store, cache, first);
  const middle = Math.ceil(fresh.length / 2);
  for (const half of [fresh.slice(0, middle), fresh.slice(middle)]) {
    const prepared = await prepare(new WorkingView(store, cache), half);
    const { again } = await attempt(prepared);
    await commitAgain(store, cache, [...again, ...prepared.left]);
  }
};

const commitAlone = async (store: EventStore, cache: StateCache, waiting: Waiting): Promise<void> => {
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const view = new WorkingView(store, cache);
    try {
      await loadNeeds(view, [waiting]);
      const { decided, refused } = decideAll(view, [waiting]);
      for (const { error } of refused) throw error;
      await commit(view, decided);
      return;
    } catch (error) {
      view.forget();
      if (!(error instanceof CommitConflict)) return waiting.reject(error);
      const longest = Math.min(CONFLICT_PAUSE_MS.first * 2 ** tries, CONFLICT_PAUSE_MS.longest);
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
      const isCertain = events.length === 0 && waiting.write.fresh === true && !readsOwn(view, waiting.write);
      view.append(events, waiting.write.origin);
      decided.push({ waiting, events: events.length, result, isCertain });
    } catch (error) {
      refused.push({ waiting, error });
    }
  }
  return { decided, refused, left: [] };
};

/** Whether it builds on what the group itself has decided, and so on what may not come about. */
const readsOwn = (view: WorkingView, write: Write<unknown>): boolean =>
  write.needs(view).some(({ subject }) => view.isDecided(subject));

const commit = async (view: WorkingView, decided: readonly Decided[]): Promise<void> => {
  let seq = await view.commit();
  for (const { waiting, events, result } of decided) {
    seq += events;
    waiting.resolve(events > 0 ? { result, seq: streamSeq(seq) } : { result });
  }
};
