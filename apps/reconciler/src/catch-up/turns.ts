/** Who may catch up, and when. */
export type CatchUpTurns = Readonly<{
  /** Waits for the one in hand, if any, then works. */
  next: <T>(work: () => Promise<T>) => Promise<T>;
  /** Works if none is in hand and none began within the pause; else resolves to nothing at once. */
  seldom: <T>(work: () => Promise<T>) => Promise<T | undefined>;
}>;

const PAUSE_MS = 60_000;

/**
 * One catch-up at a time. A sweep, which is seldom, waits for its turn; observations, which are many, find out
 * at most once a minute.
 * @param now milliseconds, of a clock that only goes forward
 */
export const catchUpTurns = (now: () => number, pauseMs = PAUSE_MS): CatchUpTurns => {
  let last: Promise<unknown> = Promise.resolve();
  let inHand = 0;
  let began = Number.NEGATIVE_INFINITY;

  const next: CatchUpTurns['next'] = (work) => {
    inHand += 1;
    const mine = last.then(() => {
      began = now();
      return work();
    });
    // Whoever asked for it hears of its failure; the one behind it only waits for its end.
    last = mine
      .catch(() => undefined)
      .finally(() => {
        inHand -= 1;
      });
    return mine;
  };

  return {
    next,
    seldom: async (work) => (inHand > 0 || now() - began < pauseMs ? undefined : next(work)),
  };
};
