import type { Instant } from '@tallystream/contracts';

/** What Zoho lets the organisation do. */
export type ZohoLimits = Readonly<{ perMinute: number; perDay: number; concurrency: number }>;

export type WindowStatus = Readonly<{ limit: number; used: number; remaining: number; resetsAt: Instant }>;

/** What is left of the budget that all replicas share. */
export type QuotaStatus = Readonly<{
  minute: WindowStatus;
  day: WindowStatus;
  concurrency: Readonly<{ limit: number; inFlight: number }>;
  /** Zoho told us to stop until then */
  stoppedUntil?: Instant;
}>;
