import { setTimeout as pause } from 'node:timers/promises';
import { type LevelRef, type Naming, Problem, UnreadableEvent } from '@tallystream/contracts';
import {
  type JetStreamConnection,
  lastMessagesNow,
  lastSequence,
  newestMessages,
  type StreamMessage,
} from '@tallystream/jetstream';
import type { Difference, RebuildOptions, RebuildReport } from '@tallystream/projection-store';
import type { RebuiltStore } from '@tallystream/rebuild';
import {
  type LevelEvent,
  type LevelFault,
  redisUnavailable,
  type StockCacheRepair,
} from '@tallystream/redis';
import { levelEventOf } from '../level-event';

/** Levels in one step: Redis does nothing else meanwhile. */
const STEP = 200;
/** A projection that has events to apply, and does not move for so long, stands still. */
const STANDS_STILL_MS = 5_000;
const LOOK_AGAIN_MS = 50;
const EXAMPLES = 10;

export type CacheRebuildParts = Readonly<{
  connection: JetStreamConnection;
  naming: Naming;
  cache: StockCacheRepair;
}>;

/**
 * Makes the stock cache again. Its keys are where other programs read them, and each level stands for itself, so there
 * is no second version: level by level, what is not as the ledger says is replaced in one step, and the rest is left
 * alone (docs/adr/0019). One that was cut off begins anew, with less to do.
 */
export const cacheRebuild = (parts: CacheRebuildParts): RebuiltStore => ({
  name: 'stock-cache',
  rebuild: (options) => rebuild(parts, options).catch(rethrown),
  fault: () => faultOf(parts).catch(rethrown),
});

const faultOf = async ({ connection, naming, cache }: CacheRebuildParts): Promise<string | undefined> => {
  const position = await cache.position();
  const end = await lastSequence(connection, naming.stream('STOCK'));
  if (position === undefined || position <= end) return undefined;
  return `its checkpoint is ${position}, its stream ends at ${end}`;
};

/** What is neither ours nor an event that nobody can read is Redis, which comes back. */
const rethrown = (error: unknown): never => {
  throw error instanceof Problem || error instanceof UnreadableEvent ? error : redisUnavailable(error);
};

const rebuild = async (parts: CacheRebuildParts, options: RebuildOptions): Promise<RebuildReport> => {
  const { connection, naming, cache } = parts;
  const { dryRun, signal, progress } = options;
  const found = tally();
  const live = movement(cache);
  let done = 0;
  const subject = naming.subject('stock.changed.>');
  for await (const page of newestMessages(connection, naming.stream('STOCK'), subject, STEP)) {
    signal.throwIfAborted();
    const faults = await faultsOf(parts, page.flatMap(levelEventOf), live, signal);
    for (const { keys } of faults) for (const { key, fault } of keys) found.count(fault, key);
    if (!dryRun && faults.length > 0) await cache.repair(faults);
    done += page.length;
    // How many there are, nobody counts.
    progress(done, 0);
  }
  for await (const page of cache.levels()) {
    signal.throwIfAborted();
    // Asked for page by page: to remember all levels would take memory for each of them.
    const known = new Set((await newestOf(parts, page)).map((message) => message.subject));
    const strays = page.filter((level) => !known.has(naming.levelSubject(level)));
    if (strays.length === 0) continue;
    const keys = await cache.present(strays.flatMap((stray) => stray.keys));
    for (const key of keys) found.count('unexpected', key);
    if (dryRun || keys.length === 0) continue;
    await cache.remove(keys);
    // One of them may have been the first sign of a level that has come into being just now.
    const born = await newest(parts, strays);
    if (born.length > 0) await cache.repair(born.map((event) => ({ event, revision: '' })));
  }
  if (!dryRun && (await faultOf(parts))) await cache.forgetPosition();
  const difference = found.difference();
  const isSame = difference.missing + difference.unexpected + difference.different === 0;
  return { differences: [difference], isSame, swapped: !dryRun };
};

/** What is wrong with these levels, seen once, and again where that may be because something moves. */
const faultsOf = async (
  parts: CacheRebuildParts,
  events: readonly LevelEvent[],
  live: Movement,
  signal: AbortSignal,
): Promise<readonly LevelFault[]> => {
  const { position, isMoving } = await live.look();
  const faults = await parts.cache.compare(events);
  const isSure = ({ event, revision }: LevelFault) => {
    // The cache says to have the event, and what it has is not newer.
    const isDue = !isMoving || event.seq <= position;
    return isDue && Number(revision) <= event.data.revision;
  };
  const unsure = faults.filter((fault) => !isSure(fault)).map(({ event }) => event.data);
  return [...faults.filter(isSure), ...(await confirmed(parts, unsure, live, signal))];
};

/** The faults of these levels that are no movement on its way. */
const confirmed = async (
  parts: CacheRebuildParts,
  levels: readonly LevelRef[],
  live: Movement,
  signal: AbortSignal,
): Promise<readonly LevelFault[]> => {
  let unsure = levels;
  const sure: LevelFault[] = [];
  while (unsure.length > 0) {
    // In this order: what the cache has seen, the ledger has, too.
    const { position, isMoving } = await live.look();
    const faults = await parts.cache.compare(await newest(parts, unsure));
    const isOnItsWay = ({ event }: LevelFault) => isMoving && event.seq > position;
    sure.push(...faults.filter((fault) => !isOnItsWay(fault)));
    unsure = faults.filter(isOnItsWay).map(({ event }) => event.data);
    if (unsure.length === 0) break;
    live.waitAt(position);
    await pause(LOOK_AGAIN_MS, undefined, { signal });
  }
  return sure;
};

type Movement = ReturnType<typeof movement>;

/** Where the live projection stands, and whether it moves on when it is waited for. */
const movement = (cache: StockCacheRepair) => {
  let waiting = { at: -1, since: 0 };
  return {
    look: async () => {
      const position = await cache.position();
      // Nothing has come into the cache yet: whatever it lacks, it lacks.
      if (position === undefined) return { position: 0, isMoving: false };
      const standsStill = position === waiting.at && performance.now() - waiting.since > STANDS_STILL_MS;
      return { position, isMoving: !standsStill };
    },
    waitAt: (position: number) => {
      if (position !== waiting.at) waiting = { at: position, since: performance.now() };
    },
  };
};

/** What the ledger says of levels now; nothing of those that it does not know. */
const newest = async (
  parts: CacheRebuildParts,
  levels: readonly LevelRef[],
): Promise<readonly LevelEvent[]> => (await newestOf(parts, levels)).flatMap(levelEventOf);

const newestOf = (
  { connection, naming }: CacheRebuildParts,
  levels: readonly LevelRef[],
): Promise<readonly StreamMessage[]> => {
  const subjects = [...new Set(levels.map((level) => naming.levelSubject(level)))];
  return lastMessagesNow(connection, naming.stream('STOCK'), subjects);
};

const tally = () => {
  const counts = { missing: 0, unexpected: 0, different: 0 };
  const examples: { key: string }[] = [];
  return {
    count: (fault: keyof typeof counts, key: string) => {
      counts[fault] += 1;
      if (examples.length < EXAMPLES) examples.push({ key });
    },
    difference: (): Difference => ({ table: 'keys', ...counts, examples }),
  };
};
