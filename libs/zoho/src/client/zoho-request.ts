import { type Instant, instantFrom } from '@tallystream/contracts';
import type { RateHeaders } from '../budget/budget-store';
import { type Fields, isFields } from '../fields';
import { parseJson } from '../json';
import { ZohoError } from './zoho-error';

/** What came back, whatever it was. */
export type Reply = Readonly<{
  status: number;
  text: string;
  /** Absent when the answer is not a JSON object */
  body?: Fields;
  /** Zoho's time at the start of the request; absent without a readable Date header */
  asOf?: Instant;
  rate?: RateHeaders;
  retryAfterMs?: number;
}>;

export type RequestOptions = Readonly<{
  timeoutMs: number;
  /** Each ends the request. */
  signals: readonly (AbortSignal | undefined)[];
  method?: 'GET' | 'POST';
  headers?: Readonly<Record<string, string>>;
  body?: URLSearchParams;
}>;

/**
 * One request and its whole answer.
 * @throws ZohoError `unreachable`; the reason of a signal that ended it
 */
export const request = async (url: URL | string, options: RequestOptions): Promise<Reply> => {
  const { timeoutMs, signals, ...init } = options;
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  // Not AbortSignal.any: in Node 20 it keeps a part of every request for as long as the process runs.
  const ends = signals.flatMap((signal) => signal ?? []);
  const end = () => ending.abort();
  for (const signal of ends) signal.addEventListener('abort', end, { once: true });
  const began = performance.now();
  try {
    for (const signal of ends) signal.throwIfAborted();
    const response = await fetch(url, { ...init, signal: ending.signal });
    const tookMs = performance.now() - began;
    return replyFrom(response, await response.text(), tookMs);
  } catch (error) {
    for (const signal of ends) signal.throwIfAborted();
    throw new ZohoError('unreachable', `no answer: ${reasonOf(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
    for (const signal of ends) signal.removeEventListener('abort', end);
  }
};

/** `fetch failed` has the true reason as its cause, e.g. ECONNREFUSED. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
};

const replyFrom = ({ status, headers }: Response, text: string, tookMs: number): Reply => {
  const body = parseBody(text);
  const date = Date.parse(headers.get('date') ?? '');
  const rate = rateHeaders(headers);
  const retryAfterMs = retryAfter(headers, date);
  return {
    status,
    text,
    ...(body ? { body } : {}),
    ...(Number.isNaN(date) ? {} : { asOf: startOf(date, tookMs) }),
    ...(rate ? { rate } : {}),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
};

const SECOND = 1_000;

/**
 * Zoho's clock, not ours: the time is compared with those of documents, which are Zoho's too. The header is of the
 * answer, so a slow request began earlier; what takes less than a second is within the header's own resolution,
 * which the margin of trust covers.
 */
const startOf = (date: number, tookMs: number): Instant =>
  instantFrom(tookMs < SECOND ? date : Math.floor((date - tookMs) / SECOND) * SECOND);

const parseBody = (text: string): Fields | undefined => {
  try {
    const parsed = parseJson(text);
    return isFields(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
};

/** Nothing says which window is meant. A minute has 100 calls, the smallest of days 1,000. */
const LARGEST_MINUTE = 500;
const MINUTE_SECONDS = 60;

const rateHeaders = (headers: Headers): RateHeaders | undefined => {
  const limit = count(headers, 'x-rate-limit-limit');
  const remaining = count(headers, 'x-rate-limit-remaining');
  if (limit === undefined || remaining === undefined) return undefined;
  const reset = count(headers, 'x-rate-limit-reset');
  return {
    window: limit > LARGEST_MINUTE || (reset ?? 0) > MINUTE_SECONDS ? 'day' : 'minute',
    limit,
    remaining,
    ...(reset === undefined ? {} : { resetMs: reset * SECOND }),
  };
};

/** Seconds, or a date by Zoho's clock. */
const retryAfter = (headers: Headers, date: number): number | undefined => {
  const seconds = count(headers, 'retry-after');
  if (seconds !== undefined) return seconds * SECOND;
  const until = Date.parse(headers.get('retry-after') ?? '') - date;
  return until >= 0 ? until : undefined;
};

const count = (headers: Headers, name: string): number | undefined => {
  const value = headers.get(name)?.trim() ?? '';
  return /^\d{1,9}$/.test(value) ? Number(value) : undefined;
};
