import type { ItemId } from '@tallystream/contracts';

/** Times in milliseconds of one and the same clock. */
export type WaitingItems = Readonly<{
  /**
   * Resolves when the item has been observed; another request for it before that is one with it. What is asked
   * for while the item is being looked at waits for the next look.
   */
  add: (request: Wanted) => Promise<void>;
  /** When the next item is due; nothing when none waits. */
  nextDue: () => number | undefined;
  /**
   * Takes what is due out, the longest due first, and fills the rest of `max` with what is not due yet but
   * has waited `ripe` milliseconds: a call costs the same for one item as for a hundred.
   */
  take: (now: number, max: number, ripe: number) => readonly Waiting[];
  /** Puts items back after a failed attempt. */
  again: (items: readonly Waiting[], due: number) => void;
  /** Gives everything that waits up, with an error. */
  rejectAll: (error: Error) => void;
  size: () => number;
}>;

export type Wanted = Readonly<{
  itemId: ItemId;
  due: number;
  /** Only this look can tell what the number is. */
  inDoubt: boolean;
  /** Of the request in its queue. */
  seq: number;
}>;

export type Waiting = Readonly<{
  itemId: ItemId;
  inDoubt: boolean;
  /** Of all requests that this look answers. */
  seqs: readonly number[];
  /** By when it was first asked for. */
  since: number;
  due: number;
  resolve: () => void;
  reject: (error: unknown) => void;
  promise: Promise<void>;
}>;

/** Items that wait to be looked at, each once, due at the earliest moment that anyone asked for. */
export const waitingItems = (now: () => number): WaitingItems => {
  const waiting = new Map<ItemId, Waiting>();
  const byDue = () => [...waiting.values()].sort((a, b) => a.due - b.due);
  return {
    add: (wanted) => {
      const { itemId } = wanted;
      const known = waiting.get(itemId);
      const next = known ? joined(known, wanted) : waitingItem(wanted, now());
      waiting.set(itemId, next);
      return next.promise;
    },
    nextDue: () => {
      let earliest: number | undefined;
      for (const { due } of waiting.values()) if (earliest === undefined || due < earliest) earliest = due;
      return earliest;
    },
    take: (at, max, ripe) => {
      const sorted = byDue();
      if (!sorted[0] || sorted[0].due > at) return [];
      const taken = sorted.filter(({ due, since }) => due <= at || at - since >= ripe).slice(0, max);
      for (const { itemId } of taken) waiting.delete(itemId);
      return taken;
    },
    again: (items, due) => {
      for (const item of items) {
        const newer = waiting.get(item.itemId);
        if (newer) {
          newer.promise.then(item.resolve, item.reject);
          const seqs = [...newer.seqs, ...item.seqs];
          waiting.set(item.itemId, { ...newer, inDoubt: newer.inDoubt || item.inDoubt, seqs });
        } else waiting.set(item.itemId, { ...item, due });
      }
    },
    rejectAll: (error) => {
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    },
    size: () => waiting.size,
  };
};

/** Never later than it was: constant traffic on an item must not put its observation off. */
const joined = (known: Waiting, { due, inDoubt, seq }: Wanted): Waiting => ({
  ...known,
  due: Math.min(known.due, due),
  inDoubt: known.inDoubt || inDoubt,
  seqs: [...known.seqs, seq],
});

const waitingItem = ({ itemId, due, inDoubt, seq }: Wanted, since: number): Waiting => {
  let resolve: () => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { itemId, inDoubt, seqs: [seq], since, due, resolve, reject, promise };
};
