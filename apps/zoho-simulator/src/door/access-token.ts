import { createHmac, timingSafeEqual } from 'node:crypto';

export type TokenTimes = Readonly<{ issuedMs: number; endMs: number }>;

/**
 * An access token carries its own times and a proof, so that it outlives a restart of the simulator as it would
 * outlive one of ours.
 */
export const writeToken = (seed: number, { issuedMs, endMs }: TokenTimes): string =>
  `1000.${issuedMs}-${endMs}.${proof(seed, `${issuedMs}-${endMs}`)}`;

/** The times of a token, unless it is forged. */
export const readToken = (seed: number, token: string): TokenTimes | undefined => {
  const [, times = '', given = ''] = token.split('.');
  const expected = proof(seed, times);
  if (given.length !== expected.length || !timingSafeEqual(Buffer.from(given), Buffer.from(expected)))
    return undefined;
  const [issuedMs = 0, endMs = 0] = times.split('-').map(Number);
  return { issuedMs, endMs };
};

const proof = (seed: number, times: string): string =>
  createHmac('sha256', `zoho-simulator ${seed}`).update(times).digest('hex').slice(0, 32);
