import { setTimeout as pause } from 'node:timers/promises';
import type { z } from 'zod';
import { failureOf, jsonOf, ReadFailed } from './read-failed';

export type StockApiSettings = Readonly<{ url: string; apiKey: string; name: string; timeoutMs: number }>;

export type Question<Answer> = Readonly<{
  /** Below `/api`, with ids encoded. */
  path: string;
  query?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON by POST; absent: a GET. */
  body?: unknown;
  schema: z.ZodType<Answer>;
  context?: string | undefined;
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}>;

const MAX_TRIES = 3;
const FIRST_PAUSE_MS = 100;

/**
 * Asks the HTTP API. Every question here is a read, so it may be asked again: when nobody answered, when a store is
 * away, when it was one too many for this minute; never beyond the time for the whole.
 * @throws ReadFailed, or the reason of an aborted `signal`
 */
export const stockApi = (settings: StockApiSettings) => ({
  ask: async <Answer>(question: Question<Answer>): Promise<Answer> => {
    const { timeoutMs = settings.timeoutMs, signal } = question;
    const deadline = performance.now() + timeoutMs;
    const timeUp = AbortSignal.timeout(timeoutMs);
    const ending = signal ? AbortSignal.any([signal, timeUp]) : timeUp;
    try {
      for (let tries = 1; ; tries += 1) {
        try {
          return await askOnce(settings, question, ending);
        } catch (error) {
          const wait = pauseBeforeNext(error, tries);
          if (wait === undefined || performance.now() + wait >= deadline) throw error;
          await pause(wait, undefined, { signal: ending });
        }
      }
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (timeUp.aborted)
        throw new ReadFailed('timed_out', `no answer within ${timeoutMs} ms`, { cause: error });
      throw error;
    }
  },
});

export type StockApi = ReturnType<typeof stockApi>;

const passing = new Set<string>(['unreachable', 'store_unavailable', 'too_many_requests']);

const pauseBeforeNext = (error: unknown, tries: number): number | undefined => {
  if (!(error instanceof ReadFailed) || !passing.has(error.code) || tries >= MAX_TRIES) return undefined;
  if (error.retryAfterSeconds !== undefined) return error.retryAfterSeconds * 1_000;
  // Spread, so that clients of a server that came back do not come all at once.
  return FIRST_PAUSE_MS * 4 ** (tries - 1) * (0.5 + Math.random());
};

const askOnce = async <Answer>(
  { url, apiKey, name }: StockApiSettings,
  { path, query = {}, body, schema, context }: Question<Answer>,
  signal: AbortSignal,
): Promise<Answer> => {
  const address = new URL(`${url.replace(/\/+$/, '')}/api/${path}`);
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) address.searchParams.set(key, value);
  }
  const { status, retryAfter, text } = await exchange(address, {
    headers: {
      accept: 'application/json',
      authorization: `Bearer ${apiKey}`,
      'user-agent': context === undefined ? headerText(name) : `${headerText(name)} (${headerText(context)})`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    // An API key goes nowhere but where it was meant to go.
    redirect: 'manual',
    signal,
  });
  if (status !== 200) throw failureOf(status, retryAfter, text);
  const answer = schema.safeParse(jsonOf(text));
  if (answer.success) return answer.data;
  throw new ReadFailed('unreadable_answer', 'the answer does not have the shape of a stock answer', {
    status,
    cause: answer.error,
  });
};

const exchange = async (address: URL, init: RequestInit) => {
  try {
    const response = await fetch(address, init);
    const text = await response.text();
    return { status: response.status, retryAfter: response.headers.get('retry-after'), text };
  } catch (error) {
    throw new ReadFailed('unreachable', `no answer from ${address.origin}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
};

/** `fetch` says only "fetch failed"; why is in the cause. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
};

/** Headers hold printable ASCII, and parentheses would end the comment: anything else is percent-encoded. */
const headerText = (text: string): string =>
  text
    .slice(0, 100)
    .replace(/[^\x20-\x7e]+|[()\\%]/g, (part) => Buffer.from(part).toString('hex').replace(/../g, '%$&'));
