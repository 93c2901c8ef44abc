/** Numbers from a seed, the same ones every time (mulberry32): what a failing run printed can be run again. */
export const randomFrom = (seed: number) => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    /** A whole number from 0 up to, not including, `limit`. */
    below,
    chance: (probability: number): boolean => next() < probability,
    pick: <T>(choices: readonly T[]): T => {
      if (choices.length === 0) throw new RangeError('nothing to pick from');
      return choices[below(choices.length)] as T;
    },
    shuffled: <T>(entries: readonly T[]): readonly T[] =>
      entries
        .map((entry) => ({ entry, rank: next() }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ entry }) => entry),
  };
};

export type Random = ReturnType<typeof randomFrom>;

/** The seed of this run; TALLY_SEED runs an earlier one again. */
export const seedOfRun = (): number => Number(process.env.TALLY_SEED ?? Date.now() % 1_000_000);
