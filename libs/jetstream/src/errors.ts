import { Problem } from '@tallystream/contracts';
import { NatsError } from 'nats';

/** NATS cannot be reached, or did not answer in time. What was sent may or may not have been stored. */
export class NatsUnavailable extends Problem {
  constructor(detail: string, cause?: unknown) {
    super('store_unavailable', detail, { retryAfterSeconds: 5, cause });
    this.name = 'NatsUnavailable';
  }
}

/**
 * It may be published again as it is: either nobody took it, as the stream has no leader at the moment, or the same
 * message was published just before, and then the stream says where that lies.
 */
export class NotTaken extends NatsUnavailable {}

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
  if (errorCode === IN_PROCESS) return new NotTaken(description);
  // 503 is a stream without a leader, or a server that is starting: it passes.
  if (error.code === 503 || error.code === 408 || passingCodes.has(errorCode))
    return new NatsUnavailable(description);
  return new JetStreamRefused(errorCode, description);
};

/** Wrong last sequence, as a constant or with the sequence (nats-server 2.14). */
const conflictCodes = new Set([10071, 10164]);

/** A duplicate of what the replicas have not agreed on yet. */
const IN_PROCESS = 10158;

/**
 * What a cluster says while one of its servers is away or leaders change, though not as 503: too few peers, not the
 * leader, stream or consumer offline, and a batch of which another server has the beginning.
 */
const passingCodes = new Set([10005, 10009, 10118, 10119, 10176]);

/** What was asked for, or the stream it would be in, does not exist. */
export const isMissing = (error: unknown): boolean =>
  error instanceof NatsError && error.api_error?.code === 404;
