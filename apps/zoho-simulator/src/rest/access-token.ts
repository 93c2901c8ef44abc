import { createHmac, timingSafeEqual } from 'node:crypto';

export const TOKEN_LIFE_SECONDS = 3600;

/**
 * An access token carries its own end and a proof, so that it outlives a restart of the simulator as it would
 * outlive one of ours.
 */
export const issueToken = (seed: number, nowMs: number): string => {
  const end = String(nowMs + TOKEN_LIFE_SECONDS * 1000);
  return `1000.${end}.${proof(seed, end)}`;
};

export const isTokenValid = (seed: number, nowMs: number, token: string): boolean => {
  const [, end = '', given = ''] = token.split('.');
  const expected = proof(seed, end);
  if (given.length !== expected.length || !timingSafeEqual(Buffer.from(given), Buffer.from(expected)))
    return false;
  return Number(end) > nowMs;
};

const proof = (seed: number, end: string): string =>
  createHmac('sha256', `zoho-simulator ${seed}`).update(end).digest('hex').slice(0, 32);
