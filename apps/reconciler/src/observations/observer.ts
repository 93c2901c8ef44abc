import { setTimeout as pause } from 'node:timers/promises';
import {
  type ItemId,
  instantFrom,
  type LevelRef,
  millisOf,
  type RunId,
  runIdSchema,
} from '@tallystream/contracts';
import type { QueuedRequest } from '@tallystream/ledger';
import { ZohoError } from '@tallystream/zoho';
import type { Judged } from './judge-items';
import { judgeAgain, type Observed, type ObserverParts, observeItems, type Purpose } from './observe-items';
import { type Waiting, waitingItems } from './waiting-items';

export type ObserverSettings = Readonly<{
  /** Items per call, at most. */
  batchSize: number;
  /** How long after a request an item is looked at, in milliseconds. */
  delayMs: number;
  /** How long the first of a call waits for others, in milliseconds. */
  gatherMs: number;
}>;

export type ObserverEvents = Readonly<{
  observed: (observed: Observed) => void;
  /** Asks for another look at what could not be told. */
  lookAgain: (judged: Judged, runId: RunId) => Promise<void>;
  /**
   * Fetches documents that were missed, because of items that nothing in flight explains. Nothing when that
   * was done a moment ago: then it has asked for another look.
   */
  explain: (items: readonly ItemId[], runId: RunId) => Promise<readonly string[] | undefined>;
  failed: (error: unknown) => void;
}>;

/** Zoho's clock has seconds: what was asked for this long ago can be told from what Zoho answers. */
const RIPE_MS = 3_000;
/** Part of the delay that lies between two calls that are not full. */
const GAP = 0.7;
/** However a request is dated, its item is looked at within this many delays. */
const LONGEST_DELAYS = 3;
/** … or, when it waits for documents to be looked for again, this much later. */
const LONGEST_PAUSE_MS = 60_000;
const RETRY_MS = { first: 1_000, longest: 60_000 };

/**
 * Looks at items that were asked for, many in one call. Resolves a request when its item has been observed;
 * while Zoho cannot be asked, requests wait, for they are all that is known of what is to be proven.
 */
export const observer = (
  parts: ObserverParts,
  { batchSize, delayMs, gatherMs }: ObserverSettings,
  events: ObserverEvents,
) => {
  const items = waitingItems(Date.now);
  let wake: () => void = () => undefined;

  const look = async (batch: readonly Waiting[], signal: AbortSignal): Promise<void> => {
    const runId = observationId();
    const purpose: Purpose = {
      runId,
      cause: { kind: 'observation', id: runId, actor: 'reconciler' },
      batchSize,
      call: { priority: 'observation', signal },
      bySweep: false,
      inDoubt: new Set(batch.flatMap(({ itemId, inDoubt }) => (inDoubt ? [itemId] : []))),
      inHand: new Set(batch.flatMap(({ seqs }) => seqs)),
    };
    const observed = await observeItems(
      parts,
      batch.map(({ itemId }) => itemId),
      purpose,
    );
    // Asked for before the old request is given back: between the two lies no moment without one.
    await events.lookAgain(observed, runId);
    const { unexplained } = observed;
    const changed = new Set(observed.changedItems);
    const lookedUp = unexplained.length > 0 ? await events.explain(itemsOf(unexplained), runId) : undefined;
    if (lookedUp) {
      const judged = await judgeAgain(parts, unexplained, { ...purpose, lookedUp });
      await events.lookAgain(judged, runId);
      for (const itemId of judged.changedItems) changed.add(itemId);
    }
    events.observed({ ...observed, changedItems: [...changed] });
    for (const { resolve } of batch) resolve();
  };

  /** How long to wait before the next call, in milliseconds; nothing when no item waits. */
  const untilNext = (lastCall: number): number | undefined => {
    const due = items.nextDue();
    if (due === undefined) return undefined;
    const gap = items.size() >= batchSize ? 0 : lastCall + delayMs * GAP;
    return Math.max(due + gatherMs, gap) - Date.now();
  };

  return {
    /** Resolves when the item has been observed. @throws when this replica may not go on */
    request: ({ itemId, dueAt, inDoubt, seq }: QueuedRequest): Promise<void> => {
      // Whoever asked may have a clock that is ahead.
      const due = Math.min(dueAt, Date.now() + Math.max(delayMs * LONGEST_DELAYS, LONGEST_PAUSE_MS));
      const observed = items.add({ itemId, due, inDoubt, seq });
      wake();
      return observed;
    },
    waiting: items.size,
    /** Works until `signal` aborts; then gives up what waits. */
    run: async (signal: AbortSignal): Promise<void> => {
      let lastCall = 0;
      let retry = RETRY_MS.first;
      signal.addEventListener('abort', () => wake(), { once: true });
      while (!signal.aborted) {
        const wait = untilNext(lastCall);
        if (wait === undefined || wait > 0) {
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, Math.min(wait ?? 60_000, 60_000));
            wake = () => {
              clearTimeout(timer);
              resolve();
            };
            if (signal.aborted) wake();
          });
          continue;
        }
        const batch = items.take(Date.now(), batchSize, RIPE_MS);
        try {
          lastCall = Date.now();
          await look(batch, signal);
          retry = RETRY_MS.first;
        } catch (error) {
          if (!(error instanceof ZohoError)) {
            for (const { reject } of batch) reject(error);
            events.failed(error);
            continue;
          }
          if (signal.aborted) for (const { reject } of batch) reject(error);
          else items.again(batch, dueAfter(error, retry));
          events.failed(error);
          await pause(retry, undefined, { signal }).catch(() => undefined);
          retry = Math.min(retry * 2, RETRY_MS.longest);
        }
      }
      items.rejectAll(new Error('another replica observes now'));
    },
  };
};

export type Observer = ReturnType<typeof observer>;

const itemsOf = (levels: readonly LevelRef[]): readonly ItemId[] => [
  ...new Set(levels.map(({ itemId }) => itemId)),
];

const dueAfter = ({ until }: ZohoError, retryMs: number): number =>
  until ? millisOf(until) : Date.now() + retryMs;

/** Observations have no run of their own; what Zoho said in one go is kept under one id. */
const observationId = (): RunId =>
  runIdSchema.parse(`observed-${instantFrom(Date.now()).replace(/[-:.]/g, '')}`);
