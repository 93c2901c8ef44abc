import { type Instant, instantFrom } from '@tallystream/contracts';
import { ZohoError, type ZohoErrorKind } from './zoho-error';

/** How we stand with Zoho, by the last call that told. */
export type ZohoState =
  | 'ok'
  | 'untried'
  | 'invalid_credentials'
  | 'expired_token'
  | 'missing_scope'
  | 'wrong_organization'
  | 'unreachable'
  | 'rate_limited'
  | 'quota_exhausted'
  | 'budget_unavailable';

/** `since`: when the state became what it is, by our clock */
export type ZohoStatus = Readonly<{ state: ZohoState; since: Instant; detail?: string }>;

export type Standing = Readonly<{
  status: () => ZohoStatus;
  succeeded: () => void;
  failed: (error: unknown) => void;
}>;

const stateOf: Readonly<Record<ZohoErrorKind, ZohoState>> = {
  // Zoho answers; that what was asked for does not exist is no fault of the connection.
  not_found: 'ok',
  refused: 'ok',
  unreadable: 'ok',
  invalid_token: 'invalid_credentials',
  invalid_credentials: 'invalid_credentials',
  expired_token: 'expired_token',
  missing_scope: 'missing_scope',
  wrong_organization: 'wrong_organization',
  rate_limited: 'rate_limited',
  too_many_at_once: 'rate_limited',
  quota_exhausted: 'quota_exhausted',
  server_fault: 'unreachable',
  unreachable: 'unreachable',
  budget_unavailable: 'budget_unavailable',
};

export const standing = (now: () => number): Standing => {
  let current: ZohoStatus = { state: 'untried', since: instantFrom(now()) };
  const become = (state: ZohoState, detail?: string): void => {
    const since = state === current.state ? current.since : instantFrom(now());
    current = { state, since, ...(detail === undefined ? {} : { detail }) };
  };
  return {
    status: () => current,
    succeeded: () => become('ok'),
    failed: (error) => {
      if (!(error instanceof ZohoError)) return;
      // A share is ours to keep: others still go.
      if (error.kind === 'quota_exhausted' && error.code !== 45) return;
      const state = stateOf[error.kind];
      become(state, state === 'ok' ? undefined : error.message);
    },
  };
};
