import { setTimeout as pause } from 'node:timers/promises';
import type { House } from './house';

/** Random trade in the simulated Zoho, at an even pace whatever becomes of its webhooks, until it is stopped. */
export const startLoad = (
  { zoho }: House,
  { seed, perSecond }: Readonly<{ seed: number; perSecond: number }>,
) => {
  const stopping = new AbortController();
  const settled = new Set<Promise<unknown>>();
  const trade = async () => {
    for (let batch = 0; !stopping.signal.aborted; batch += 1) {
      const order = { count: perSecond, perSecond, seed: (seed + batch) % 2 ** 32 };
      // The simulator is killed now and then: what it had booked is booked, and the next batch comes all the same.
      const booked = zoho.post('transactions', order).catch(() => undefined);
      settled.add(booked);
      void booked.then(() => settled.delete(booked));
      await pause(1_000, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const trading = trade();
  return {
    /** Resolves when the last webhook is settled. */
    stop: async () => {
      stopping.abort();
      await trading;
      await Promise.all(settled);
    },
  };
};
