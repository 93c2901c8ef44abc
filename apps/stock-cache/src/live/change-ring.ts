import type { LoggedChange } from './logged-change';

export type Wants = (change: LoggedChange) => boolean;

/** Some of the changes that a reader wants, in stream order. */
export type ChangePage = Readonly<{
  changes: readonly LoggedChange[];
  /** Everything up to here has been looked at. */
  nextSeq: number;
  /** There is nothing after it, for now. */
  isEnd: boolean;
}>;

/** The newest changes of the stream, in memory; `after` is where they begin. */
export const changeRing = (after: number, capacity: number) => {
  let floor = after;
  let kept: LoggedChange[] = [];

  return {
    add: (change: LoggedChange): void => {
      kept.push(change);
      // A quarter at a time: to move the others for every change would cost more than it keeps.
      if (kept.length < capacity) return;
      const dropped = Math.ceil(capacity / 4);
      floor = kept[dropped - 1]?.seq ?? floor;
      kept = kept.slice(dropped);
    },
    /** The position of the newest change. */
    head: (): number => kept.at(-1)?.seq ?? floor,
    /** Every change after this position is here. */
    covers: (position: number): boolean => position >= floor,
    page: (position: number, wants: Wants, max: number): ChangePage => pageOf(kept, position, wants, max),
  };
};
export type ChangeRing = ReturnType<typeof changeRing>;

/** What a reader at `position` wants of changes that lie in order; looked at until there are `max`. */
export const pageOf = (
  logged: readonly LoggedChange[],
  position: number,
  wants: Wants,
  max: number,
): ChangePage => {
  const changes: LoggedChange[] = [];
  for (let at = firstAfter(logged, position); at < logged.length; at += 1) {
    const change = logged[at];
    if (!change || !wants(change)) continue;
    changes.push(change);
    if (changes.length === max) return { changes, nextSeq: change.seq, isEnd: at === logged.length - 1 };
  }
  return { changes, nextSeq: Math.max(position, logged.at(-1)?.seq ?? 0), isEnd: true };
};

const firstAfter = (logged: readonly LoggedChange[], position: number): number => {
  let [low, high] = [0, logged.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((logged[middle]?.seq ?? 0) > position) high = middle;
    else low = middle + 1;
  }
  return low;
};
