const SECOND_MS = 1_000;
const SECONDS = 10;

/** Counts what happens, and says how much of it a second there was of late. */
export type Rate = Readonly<{ count: (amount: number) => void; perSecond: () => number }>;

/** Over the last ten whole seconds, or as long as it has been counting. */
export const rateOver = (now: () => number = () => performance.now()): Rate => {
  const began = now();
  const slots = new Array<number>(SECONDS + 1).fill(0);
  let current = Math.floor(began / SECOND_MS);
  /** Empties the slots of the seconds that have begun since. */
  const moveOn = (): void => {
    const second = Math.floor(now() / SECOND_MS);
    for (let next = Math.max(current + 1, second - SECONDS); next <= second; next += 1)
      slots[next % slots.length] = 0;
    current = second;
  };
  return {
    count: (amount) => {
      moveOn();
      const slot = current % slots.length;
      slots[slot] = (slots[slot] ?? 0) + amount;
    },
    perSecond: () => {
      moveOn();
      const seconds = Math.min(SECONDS + (now() % SECOND_MS) / SECOND_MS, (now() - began) / SECOND_MS);
      const sum = slots.reduce((total, slot) => total + slot, 0);
      return sum === 0 ? 0 : sum / Math.max(seconds, 1);
    },
  };
};
