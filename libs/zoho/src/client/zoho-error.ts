import type { Instant } from '@tallystream/contracts';

/** What a failed call means to whoever made it. */
export type ZohoErrorKind =
  /** 404 code 1002 or 5: it does not exist, or is gone */
  | 'not_found'
  /** 400, 413, 414 and whatever else Zoho does not want */
  | 'refused'
  /** 401 code 14, also with a fresh token */
  | 'invalid_token'
  /** The accounts server takes our client or its secret for wrong, or the API its tokens */
  | 'invalid_credentials'
  /** Our refresh token is none any more: revoked, or the oldest of more than 20 */
  | 'expired_token'
  /** 401 code 57 */
  | 'missing_scope'
  | 'wrong_organization'
  /** 429 code 44, or too many token requests: over at `until` */
  | 'rate_limited'
  /** 429 code 1070 */
  | 'too_many_at_once'
  /** 429 code 45, or our own share of the day is used up: over at `until` */
  | 'quota_exhausted'
  /** 5xx, or an answer that is not JSON */
  | 'server_fault'
  /** No answer: no connection, a time-out, or the circuit is open after many of these */
  | 'unreachable'
  /** JSON, but not in the shape that Zoho documents */
  | 'unreadable'
  /** The shared budget cannot be asked, and without it nothing is spent */
  | 'budget_unavailable';

export type ZohoErrorFacts = Readonly<{
  /** HTTP status; absent when there was no answer */
  status?: number;
  /** Zoho's own, e.g. 1002 for something that does not exist */
  code?: number;
  /** When the same call may work again */
  until?: Instant;
  cause?: unknown;
}>;

/** A call to Zoho failed. Nothing in it is a secret. */
export class ZohoError extends Error {
  readonly status: number | undefined;
  readonly code: number | undefined;
  readonly until: Instant | undefined;

  constructor(
    readonly kind: ZohoErrorKind,
    readonly detail: string,
    { status, code, until, cause }: ZohoErrorFacts = {},
  ) {
    const answered =
      status === undefined ? '' : `Zoho answered ${status}${code === undefined ? '' : ` (code ${code})`}: `;
    super(`${answered}${detail}${until === undefined ? '' : `, until ${until}`}`, { cause });
    this.name = 'ZohoError';
    this.status = status;
    this.code = code;
    this.until = until;
  }

  /** The same, known to last until then. */
  lasting(until: Instant): ZohoError {
    const { status, code, cause } = this;
    return new ZohoError(this.kind, this.detail, {
      ...(status === undefined ? {} : { status }),
      ...(code === undefined ? {} : { code }),
      until,
      cause,
    });
  }
}
