import type { RunId } from './ids';

/** Every error a client can meet: its HTTP status, title and how loudly it is logged. One table, RFC 9457. */
export const problems = {
  invalid_request: { status: 400, title: 'The request is not valid', log: 'info' },
  unreadable_body: { status: 400, title: 'The body is not readable', log: 'info' },
  unauthorized: { status: 401, title: 'A valid API key is needed', log: 'info' },
  invalid_signature: { status: 401, title: 'The webhook signature is missing or wrong', log: 'warn' },
  webhooks_disabled: { status: 401, title: 'No webhook secret is configured', log: 'warn' },
  forbidden: { status: 403, title: 'The role of this API key does not allow that', log: 'info' },
  not_found: { status: 404, title: 'There is nothing here', log: 'debug' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here', log: 'debug' },
  conflict: { status: 409, title: 'That is not possible in the present state', log: 'info' },
  run_in_progress: { status: 409, title: 'A run of this kind is going on', log: 'info' },
  body_too_large: { status: 413, title: 'The body is too large', log: 'warn' },
  unsupported_media_type: { status: 415, title: 'The encoding of the body is not supported', log: 'info' },
  too_many_requests: { status: 429, title: 'Too many requests', log: 'info' },
  internal: { status: 500, title: 'Something went wrong on our side', log: 'error' },
  zoho_refused: { status: 502, title: 'Zoho refused what was asked of it', log: 'error' },
  store_unavailable: {
    status: 503,
    title: 'A server that is needed for this cannot be reached',
    log: 'warn',
  },
  zoho_unavailable: { status: 503, title: 'Zoho cannot be reached or does not answer', log: 'warn' },
  zoho_quota_exhausted: { status: 503, title: "Zoho's quota of calls is used up", log: 'warn' },
  too_many_clients: { status: 503, title: 'There are as many clients as can be served', log: 'warn' },
  wait_timeout: { status: 504, title: 'The projection did not get there in time', log: 'info' },
} as const satisfies Record<
  string,
  { status: number; title: string; log: 'debug' | 'info' | 'warn' | 'error' }
>;

export type ProblemCode = keyof typeof problems;

export type FieldError = Readonly<{ path: string; message: string }>;

/** Members of a problem document beyond those that every one has. */
export type ProblemExtensions = Readonly<{
  /** `run_in_progress`: the run that is in the way. */
  runId?: RunId;
}>;

/** An expected failure, on its way to becoming a problem document. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly errors: readonly FieldError[];
  readonly retryAfterSeconds: number | undefined;
  readonly extensions: ProblemExtensions;

  constructor(
    code: ProblemCode,
    detail: string,
    extra: {
      errors?: readonly FieldError[];
      retryAfterSeconds?: number;
      extensions?: ProblemExtensions;
      cause?: unknown;
    } = {},
  ) {
    super(detail, { cause: extra.cause });
    this.name = 'Problem';
    this.code = code;
    this.errors = extra.errors ?? [];
    this.retryAfterSeconds = extra.retryAfterSeconds;
    this.extensions = extra.extensions ?? {};
  }
}

/** A problem as clients get it: the body of an HTTP answer, or part of a message on another way. */
export const problemDocument = (problem: Problem) => ({
  type: `https://tallystream.com/problems/${problem.code.replaceAll('_', '-')}`,
  title: problems[problem.code].title,
  status: problems[problem.code].status,
  detail: problem.message,
  code: problem.code,
  ...(problem.errors.length > 0 ? { errors: problem.errors } : {}),
  ...problem.extensions,
});
export type ProblemDocument = ReturnType<typeof problemDocument>;
