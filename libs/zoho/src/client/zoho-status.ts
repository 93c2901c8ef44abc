import type { Instant } from '@tallystream/contracts';

/** How we stand with Zoho, by the last call that told. */
export type ZohoState =
  | 'ok'
  | 'untried'
  | 'invalid_credentials'
  | 'missing_scope'
  | 'wrong_organization'
  | 'unreachable'
  | 'rate_limited'
  | 'quota_exhausted'
  | 'budget_unavailable';

export type ZohoStatus = Readonly<{ state: ZohoState; since: Instant; detail?: string }>;
