import { setTimeout as pause } from 'node:timers/promises';
import type { ShopCall } from './shop-calls';

export type ChangedItemsParts = Readonly<{
  /** Tells the shop; resolves when it knows. */
  tell: (call: ShopCall, signal: AbortSignal) => Promise<void>;
  /** Keeps that everything up to a position was told. */
  keep: (seq: number) => Promise<void>;
  times?: Readonly<{ gatherMs: number }>;
  signal: AbortSignal;
}>;

/** Most ids in one call. */
export const MAX_ITEMS = 500;
/** What changes together, or again, is said once. */
const GATHER_MS = 1_000;

/**
 * The items that changed and of which the shop was not told: each once, however often it changed meanwhile. So an
 * outage of the shop costs as many ids as there are items, at most.
 */
export const changedItems = ({ tell, keep, times = { gatherMs: GATHER_MS }, signal }: ChangedItemsParts) => {
  let waiting = new Set<string>();
  let seq = 0;
  let wake: () => void = () => undefined;

  const tellThem = async (): Promise<void> => {
    const [items, upTo] = [[...waiting], seq];
    waiting = new Set();
    for (let from = 0; from < items.length; from += MAX_ITEMS)
      await tell({ itemIds: items.slice(from, from + MAX_ITEMS), seq: upTo }, signal);
    await keep(upTo);
  };

  return {
    add: (itemIds: readonly string[], upTo: number): void => {
      for (const itemId of itemIds) waiting.add(itemId);
      seq = upTo;
      wake();
    },
    /** How many have not begun to be told. */
    waiting: (): number => waiting.size,
    /** Tells the shop, once in a while, until `signal` aborts. @throws what `keep` threw */
    tellOn: async (): Promise<void> => {
      const ended = () => wake();
      signal.addEventListener('abort', ended, { once: true });
      while (!signal.aborted) {
        if (waiting.size === 0)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        await pause(times.gatherMs, undefined, { signal }).catch(() => undefined);
        if (!signal.aborted) await tellThem();
      }
    },
  };
};
