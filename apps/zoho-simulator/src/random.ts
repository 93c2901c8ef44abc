/** A seeded source of chance: equal seeds, equal draws. */
export type Random = {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number, both ends included. */
  int(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** One of the choices, as often as its weight says. */
  weighted<const C>(choices: readonly (readonly [choice: C, weight: number])[]): C;
};

export const seededRandom = (seed: number): Random => {
  const next = mulberry32(seed);
  const int = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  const pick = <T>(from: readonly T[]): T => {
    const picked = from[int(0, from.length - 1)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  };
  const weighted = <const C>(choices: readonly (readonly [C, number])[]): C => {
    let left = next() * choices.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [choice, weight] of choices) {
      left -= weight;
      if (left < 0) return choice;
    }
    return pick(choices)[0];
  };
  return { next, int, chance: (probability) => next() < probability, pick, weighted };
};

/** mulberry32: 32 bits of state, good enough to choose items and quantities with. */
const mulberry32 = (seed: number) => {
  let state = seed >>> 0;
  return (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
};
