import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import {
  type FieldError,
  Problem,
  type ProblemCode,
  problemDocument,
  problems,
} from '@tallystream/contracts';
import type { Response } from 'express';
import { ZodValidationException } from 'nestjs-zod';
import { ZodError } from 'zod';
import { withoutKeys } from '../auth/credential';

/** Turns whatever a handler throws into an RFC 9457 problem document; clients never see a stack trace. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    const problem = problemFrom(error);
    const { status, log } = problems[problem.code];
    if (log === 'error') this.logger.error(error);
    else if (log === 'warn') this.logger.warn(`${problem.code}: ${problem.message}`);
    else this.logger.debug(`${problem.code}: ${problem.message}`);
    // A stream that already began cannot turn into an error any more: cut it, so that it is not taken as whole.
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (problem.retryAfterSeconds !== undefined)
      response.set('Retry-After', String(problem.retryAfterSeconds));
    if (status === 401) response.set('WWW-Authenticate', 'Bearer');
    response
      .status(status)
      .type('application/problem+json')
      .send(JSON.stringify(problemDocument(problem)));
  }
}

const problemFrom = (error: unknown): Problem => {
  if (error instanceof Problem) return error;
  if (error instanceof ZodValidationException) {
    const zodError = error.getZodError();
    return invalidRequest(zodError instanceof ZodError ? fieldErrors(zodError) : []);
  }
  const status = statusOf(error);
  const code = status === undefined ? undefined : codeByStatus.get(status);
  if (code) return new Problem(code, detailOf(error, code));
  if (status !== undefined && status >= 400 && status < 500)
    return new Problem('invalid_request', 'not accepted');
  return new Problem('internal', 'The error is in our log.');
};

/** What is wrong with a request, field by field. */
export const invalidRequest = (errors: readonly FieldError[]): Problem => {
  const shown = errors.slice(0, MOST_ERRORS);
  const rest = errors.length > shown.length ? [`and ${errors.length - shown.length} more`] : [];
  const detail = [...shown.map(({ path, message }) => `${path}: ${message}`), ...rest].join('; ');
  return new Problem('invalid_request', detail, { errors: shown });
};

/** A list may be wrong in thousands of places: some show what is meant. */
const MOST_ERRORS = 20;

export const fieldErrors = (error: ZodError): readonly FieldError[] =>
  error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: [...issue.path, key].join('.'), message: 'There is no such field' }))
      : { path: issue.path.join('.') || '(root)', message: issue.message },
  );

/** Errors of Nest and of Express' parsers, by status. */
const codeByStatus = new Map<number, ProblemCode>([
  [400, 'invalid_request'],
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'not_found'],
  [405, 'method_not_allowed'],
  [413, 'body_too_large'],
  [415, 'unsupported_media_type'],
  [429, 'too_many_requests'],
]);

const statusOf = (error: unknown): number | undefined => {
  if (error instanceof HttpException) return error.getStatus();
  // Express' parsers throw http-errors, which carry our status and `expose`; a client of another service may
  // throw an error with that service's status, which is not our answer.
  return error instanceof Error && 'expose' in error && 'status' in error && typeof error.status === 'number'
    ? error.status
    : undefined;
};

/** Nest's own message for a path that is not ours repeats the query, which may hold a key. */
const detailOf = (error: unknown, code: ProblemCode): string =>
  error instanceof HttpException ? withoutKeys(error.message.replace(/\?\S*/, '')) : problems[code].title;
