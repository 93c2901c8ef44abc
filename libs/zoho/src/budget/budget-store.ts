import { type Instant, instantFrom, type Naming } from '@tallystream/contracts';
import { z } from 'zod';
import { LEAVE, READ, RESERVE, SETTLE } from './budget-scripts';
import type { QuotaStatus, ZohoLimits } from './quota-status';
import type { SharedRedis } from './shared-redis';

/** Milliseconds. Zoho's windows are what they are; tests have shorter ones. */
export type BudgetTimes = Readonly<{
  minuteMs: number;
  dayMs: number;
  /** How long a slot is held by a replica that died; longer than any call takes */
  leaseMs: number;
  /** How long code 44 stops all calls when Zoho does not say */
  blockMs: number;
  /** After each of these without code 1070, one more call at once */
  raiseMs: number;
  /** Who waits asks again at least that often, and is forgotten after three of them */
  heartbeatMs: number;
  /** By how much the end of a window may differ between two answers: headers count whole seconds */
  slackMs: number;
}>;

export const budgetTimes: BudgetTimes = {
  minuteMs: 60_000,
  dayMs: 86_400_000,
  leaseMs: 50_000,
  blockMs: 60_000,
  raiseMs: 30_000,
  heartbeatMs: 1_000,
  slackMs: 2_000,
};

/** `X-Rate-Limit-…`: what is left of which window, and when it begins anew. */
export type RateHeaders = Readonly<{
  window: 'minute' | 'day';
  limit: number;
  remaining: number;
  resetMs?: number;
}>;

/** How a call ended: whether it was sent at all, and what Zoho said of our pace. */
export type CallEnd = Readonly<{
  sent: boolean;
  rate?: RateHeaders;
  /** 429: code 44, 45 or 1070 */
  stop?: 'minute' | 'day' | 'concurrency';
  stopMs?: number;
}>;

type Place = Readonly<{ slot: string; rank: number }>;
export type Ask = Place & Readonly<{ minutePercent: number; dayPercent: number; next?: Place }>;

const verdicts = ['go', 'quota', 'share', 'stopped', 'turn', 'minute', 'slots'] as const;
const reservation = z
  .tuple([z.enum(verdicts), z.number(), z.number()])
  .transform(([what, when, now]) => ({ what, until: instantFrom(when), waitMs: Math.max(0, when - now) }));
export type Reservation = z.output<typeof reservation>;

const state = z.array(z.number()).length(11);

export type BudgetStore = ReturnType<typeof budgetStore>;

/** The counts that all replicas share; every method is one step in Redis and fails while Redis is away. */
export const budgetStore = (parts: {
  redis: SharedRedis;
  naming: Pick<Naming, 'redisKey'>;
  organizationId: string;
  limits: ZohoLimits;
  times: BudgetTimes;
  replica: string;
}) => {
  const { redis, limits, times, replica } = parts;
  // Books and Inventory share Zoho's counts, so they share ours: by organisation alone.
  const key = (tail: string) => parts.naming.redisKey(`zoho:budget:${parts.organizationId}:${tail}`);
  const channel = key('freed');
  const keys = [key('state'), key('slots'), key('minute'), key('waiting'), channel];
  const settings = JSON.stringify({ ...limits, ...times });
  const run = (script: string, told: object): Promise<unknown> =>
    redis.eval(script, keys.length, ...keys, settings, JSON.stringify({ replica, ...told }));

  return {
    channel,
    reserve: async (ask: Ask): Promise<Reservation> => reservation.parse(await run(RESERVE, ask)),
    /** Returns until when Zoho wants no more calls, if it said so. */
    settle: async (slot: string, end: CallEnd): Promise<Instant | undefined> => {
      const until = z.number().parse(await run(SETTLE, { slot, ...end }));
      return until > 0 ? instantFrom(until) : undefined;
    },
    leave: async (): Promise<void> => {
      await run(LEAVE, {});
    },
    /** `dayOffsetMs`: how far the organisation's clocks are before UTC, when that has become known */
    read: async (told: Readonly<{ dayOffsetMs?: number }> = {}): Promise<QuotaStatus> =>
      quotaStatus(state.parse(await run(READ, told))),
  };
};

const quotaStatus = (numbers: readonly number[]): QuotaStatus => {
  const [minuteLimit = 0, minuteUsed = 0, minuteReset = 0, dayLimit = 0, dayUsed = 0, dayReset = 0] = numbers;
  const [limit = 0, inFlight = 0, stopped = 0, dayStopped = 0, now = 0] = numbers.slice(6);
  const isStopped = stopped > now;
  const isOut = dayStopped > now;
  const window = (size: number, used: number, resetsAt: number, isClosed: boolean) => ({
    limit: size,
    used,
    remaining: isClosed ? 0 : Math.max(0, size - used),
    resetsAt: instantFrom(resetsAt),
  });
  return {
    minute: window(minuteLimit, minuteUsed, isStopped ? stopped : minuteReset, isStopped || isOut),
    day: window(dayLimit, dayUsed, isOut ? dayStopped : dayReset, isOut),
    concurrency: { limit, inFlight },
    ...(isStopped || isOut ? { stoppedUntil: instantFrom(Math.max(stopped, dayStopped)) } : {}),
  };
};
