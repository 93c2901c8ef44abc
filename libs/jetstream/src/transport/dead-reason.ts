import { Problem } from '@tallystream/contracts';
import { CommitConflict } from '../errors';
import { DeadLetter } from './delivery';

/**
 * Why messages die although nothing is wrong with them: what was needed was away, busy or slow. It passes, so such
 * letters are worth another try. Codes of problems, and the kinds of failed calls to Zoho.
 */
export const passingReasons: ReadonlySet<string> = new Set([
  'store_unavailable',
  'wait_timeout',
  'too_many_requests',
  'zoho_unavailable',
  'zoho_quota_exhausted',
  'conflict',
  'timeout',
  'unreachable',
  'rate_limited',
  'too_many_at_once',
  'quota_exhausted',
  'server_fault',
  'budget_unavailable',
]);

/** One token for the subject of a dead letter: `failed` for what nobody has a word for. */
export const deadReason = (error: unknown): string => {
  if (error instanceof DeadLetter) return error.reason;
  if (error instanceof Problem) return error.code;
  if (error instanceof CommitConflict) return 'conflict';
  if (!(error instanceof Error)) return 'failed';
  if (error.name === 'TimeoutError') return 'timeout';
  if ('code' in error && lostConnection.has(String(error.code))) return 'unreachable';
  return 'kind' in error && passingReasons.has(String(error.kind)) ? String(error.kind) : 'failed';
};

/** Of Node's sockets. */
const lostConnection = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ENOTFOUND',
]);
