import { Problem } from '@tallystream/contracts';
import { NatsError } from 'nats';

/** NATS cannot be reached, or did not answer in time. What was sent may or may not have been stored. */
export class NatsUnavailable extends Problem {
  constructor(detail: string, cause?: unknown) {
    super('store_unavailable', detail, { retryAfterSeconds: 5, cause });
    this.name = 'NatsUnavailable';
  }
}

/** The user that the process comes to NATS as may not do that; `deploy/nats/users.js` says who may do what. */
export class NotPermitted extends Error {
  constructor(cause: Error) {
    super(`NATS does not let us: ${cause.message}`, { cause });
    this.name = 'NotPermitted';
  }
}

/** A subject of the commit has moved since it was loaded: load again and decide again. */
export class CommitConflict extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = 'CommitConflict';
  }
}

/** JetStream refused for good. `errorCode` is the server's `err_code`. */
export class JetStreamRefused extends Error {
  constructor(
    readonly errorCode: number,
    detail: string,
  ) {
    super(`JetStream refused (${errorCode}): ${detail}`);
    this.name = 'JetStreamRefused';
  }
}

/** A server error in a JetStream reply, sorted by what the caller can do about it. */
export const apiError = (
  error: Readonly<{ code?: number; err_code?: number; description?: string }>,
): Error => {
  const errorCode = error.err_code ?? 0;
  const description = error.description ?? 'no description';
  if (conflictCodes.has(errorCode)) return new CommitConflict(description);
  // 503 is a stream without a leader, or a server that is starting: it passes.
  if (error.code === 503 || error.code === 408) return new NatsUnavailable(description);
  return new JetStreamRefused(errorCode, description);
};

/** Wrong last sequence, as a constant or with the sequence (nats-server 2.14). */
const conflictCodes = new Set([10071, 10164]);

/** What was asked for, or the stream it would be in, does not exist. */
export const isMissing = (error: unknown): boolean =>
  error instanceof NatsError && error.api_error?.code === 404;
