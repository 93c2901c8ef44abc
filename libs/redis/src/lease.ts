import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type Redis from 'ioredis';

const LEASE_MS = 6_000;
const RENEW_MS = 2_000;

const RENEW = `
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;
const RELEASE = `
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  return redis.call('DEL', KEYS[1])`;

/** While held, no other replica does the work that the key names. */
export type Lease = Readonly<{
  isHeld: () => boolean;
  /** Aborts when the lease is gone: taken by another, or with an emptied Redis. */
  lost: AbortSignal;
  release: () => Promise<void>;
}>;

/** Waits until the lease is free. Returns nothing when `signal` ends the waiting. */
export const acquireLease = async (
  redis: Redis,
  key: string,
  signal: AbortSignal,
): Promise<Lease | undefined> => {
  const me = randomUUID();
  // What counts is the time before we asked: the answer may have been long on its way.
  let asked = performance.now();
  while ((await redis.set(key, me, 'PX', LEASE_MS, 'NX')) !== 'OK') {
    await pause(RENEW_MS / 2, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return undefined;
    asked = performance.now();
  }
  let heldUntil = asked + LEASE_MS;
  const lost = new AbortController();
  const renewal = setInterval(async () => {
    const renewed = performance.now();
    try {
      if ((await redis.eval(RENEW, 1, key, me, LEASE_MS)) === 1) heldUntil = renewed + LEASE_MS;
      else heldUntil = 0;
    } catch {
      // Redis is away: the lease runs out by itself.
    }
    if (performance.now() >= heldUntil) lost.abort();
  }, RENEW_MS);
  return {
    isHeld: () => performance.now() < heldUntil,
    lost: lost.signal,
    release: async () => {
      clearInterval(renewal);
      heldUntil = 0;
      await redis.eval(RELEASE, 1, key, me).catch(() => undefined);
    },
  };
};
