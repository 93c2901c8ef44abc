import { createHmac } from 'node:crypto';
import { types } from 'node:util';
import { ExponentialBackoff, handleAll, retry, TimeoutStrategy, timeout, wrap } from 'cockatiel';

export type Shop = Readonly<{ url: string; secret: string }>;

/** What a shop is told: these items changed, and everything up to this position of the stream is said with it. */
export type ShopCall = Readonly<{ itemIds: readonly string[]; seq: number }>;

export type ShopCallTimes = Readonly<{ timeoutMs: number; firstPauseMs: number; longestPauseMs: number }>;

export const shopCallTimes: ShopCallTimes = {
  timeoutMs: 10_000,
  firstPauseMs: 1_000,
  longestPauseMs: 60_000,
};

export const SIGNATURE = 'x-tallystream-signature';

/**
 * Calls a shop until it answers 2xx, with growing pauses, each attempt signed anew.
 * @param report told of each failed attempt, and with nothing of one that succeeded
 * @returns a call that rejects only when its signal aborts
 */
export const shopCalls = (
  shop: Shop,
  report: (failure?: Error) => void,
  { timeoutMs, firstPauseMs, longestPauseMs }: ShopCallTimes = shopCallTimes,
) => {
  const again = retry(handleAll, {
    maxAttempts: Number.POSITIVE_INFINITY,
    backoff: new ExponentialBackoff({ initialDelay: firstPauseMs, maxDelay: longestPauseMs }),
    // A pause is no reason for the process to stay.
  }).dangerouslyUnref();
  const policy = wrap(again, timeout(timeoutMs, TimeoutStrategy.Aggressive));
  return (call: ShopCall, signal: AbortSignal): Promise<void> =>
    policy.execute(async (attempt) => {
      attempt.signal.throwIfAborted();
      try {
        await post(shop, JSON.stringify(call), attempt.signal);
      } catch (error) {
        const isLate = attempt.signal.aborted;
        if (!signal.aborted) report(isLate ? new Error(`no answer within ${timeoutMs} ms`) : reasonOf(error));
        throw error;
      }
      report();
    }, signal);
};

/**
 * Proof that the body is ours, and when it was sent: `t=<seconds since 1970>,v1=<hex>`, the HMAC-SHA256 of the
 * seconds, a full stop and the raw body.
 */
export const signatureOf = (body: string, secret: string, seconds: number): string =>
  `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;

const post = async ({ url, secret }: Shop, body: string, signal: AbortSignal): Promise<void> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Tallystream',
      [SIGNATURE]: signatureOf(body, secret, Math.floor(Date.now() / 1_000)),
    },
    body,
    signal,
    // Elsewhere there may be somebody else.
    redirect: 'manual',
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the shop answered ${response.status}`);
};

/** `fetch failed` has the true reason as its cause. Neither says the address, which may hold a secret. */
const reasonOf = (error: unknown): Error => {
  // Not `instanceof`: errors of fetch are made in another realm where code runs in a context of its own.
  const cause = types.isNativeError(error) && types.isNativeError(error.cause) ? error.cause : error;
  if (!types.isNativeError(cause)) return new Error('the call failed');
  return 'code' in cause && typeof cause.code === 'string' ? new Error(cause.code) : cause;
};
