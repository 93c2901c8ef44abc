import type { FieldError, ProblemCode } from '@tallystream/contracts';
import { z } from 'zod';

/**
 * Why a read has no answer: a code of the server's problem document (`invalid_request`, `unauthorized`,
 * `too_many_requests`, `store_unavailable`, `wait_timeout`, …, see the table in libs/contracts), or one of ours:
 * `unreachable`: nobody answered, or only a proxy did; `timed_out`: not within `timeoutMs`; `unreadable_answer`:
 * what came is no answer of a stock API.
 */
export type ReadFailureCode = ProblemCode | 'unreachable' | 'timed_out' | 'unreadable_answer';

/** A read has no answer. That says nothing about the stock: show "Check availability", never 0. */
export class ReadFailed extends Error {
  /** A code that this version does not know is passed on as it came. */
  readonly code: ReadFailureCode | (string & {});
  /** Of the HTTP answer, if there was one. */
  readonly status: number | undefined;
  /** Which fields of the request are wrong, where that is the reason. */
  readonly errors: readonly FieldError[];
  /** When the server thinks it is worth asking again. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ReadFailed['code'],
    message: string,
    extra: Readonly<{
      status?: number;
      errors?: readonly FieldError[];
      retryAfterSeconds?: number | undefined;
      cause?: unknown;
    }> = {},
  ) {
    super(message, { cause: extra.cause });
    this.name = 'ReadFailed';
    this.code = code;
    this.status = extra.status;
    this.errors = extra.errors ?? [];
    this.retryAfterSeconds = extra.retryAfterSeconds;
  }
}

const problemDocumentSchema = z.object({
  code: z.string(),
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

/** What an answer that is not 200 means. */
export const failureOf = (status: number, retryAfter: string | null, body: string): ReadFailed => {
  const seconds = Number(retryAfter ?? Number.NaN);
  const when = { status, ...(Number.isFinite(seconds) ? { retryAfterSeconds: seconds } : {}) };
  const problem = problemDocumentSchema.safeParse(jsonOf(body));
  if (problem.success) {
    const { code, detail, errors } = problem.data;
    return new ReadFailed(code, detail, { ...when, ...(errors ? { errors } : {}) });
  }
  // Not one of ours: a proxy that cannot reach the API says 5xx, another program anything.
  return status >= 500
    ? new ReadFailed('unreachable', `a server before the stock API answered ${status}`, when)
    : new ReadFailed('unreadable_answer', `the answer ${status} is not one of the stock API`, when);
};

/** Nothing where a text is no JSON. */
export const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
