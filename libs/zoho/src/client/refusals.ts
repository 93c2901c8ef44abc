import type { CallEnd } from '../budget/budget-store';
import { text } from '../fields';
import { ZohoError, type ZohoErrorKind } from './zoho-error';
import type { Reply } from './zoho-request';

/** What an answer that is none means: one row per row of Zoho's table of limits and errors. */
export const refusalOf = (reply: Reply): ZohoError | undefined => {
  const { status, body } = reply;
  const code = typeof body?.code === 'number' ? body.code : undefined;
  const isFine = status >= 200 && status < 300;
  if (isFine && body && (code === undefined || code === 0)) return undefined;
  const detail = body ? (text(body, 'message') ?? 'no message') : 'the answer is not JSON';
  return new ZohoError(isFine && !body ? 'server_fault' : kindOf(status, code, detail), detail, {
    status,
    ...(code === undefined ? {} : { code }),
  });
};

/** What the budget has to know of an answer. */
export const callEnd = (reply: Reply, refusal: ZohoError | undefined): CallEnd => {
  const { rate, retryAfterMs } = reply;
  const stop = refusal && stops[refusal.kind];
  if (refusal?.kind === 'server_fault' && retryAfterMs !== undefined)
    return { sent: true, stop: 'minute', stopMs: Math.min(retryAfterMs, LONGEST_FAULT_MS) };
  // A reset of the minute says nothing about the day, and the other way round.
  const resetMs = rate?.window === stop ? rate?.resetMs : undefined;
  const stopMs = retryAfterMs ?? resetMs;
  return {
    sent: true,
    ...(rate ? { rate } : {}),
    ...(stop ? { stop } : {}),
    ...(stopMs === undefined ? {} : { stopMs }),
  };
};

/** A 503 may ask for any patience; whether it still holds is seen after a minute. */
const LONGEST_FAULT_MS = 60_000;

const stops: Readonly<Partial<Record<ZohoErrorKind, NonNullable<CallEnd['stop']>>>> = {
  rate_limited: 'minute',
  quota_exhausted: 'day',
  too_many_at_once: 'concurrency',
};

const codes: Readonly<Record<number, ZohoErrorKind>> = {
  5: 'not_found',
  14: 'invalid_token',
  44: 'rate_limited',
  45: 'quota_exhausted',
  57: 'missing_scope',
  1002: 'not_found',
  1070: 'too_many_at_once',
  6041: 'wrong_organization',
};

/** Codes mean this only with these statuses: elsewhere 5 may be the fifth of something else. */
const kindOf = (status: number, code: number | undefined, detail: string): ZohoErrorKind => {
  const known = code === undefined ? undefined : codes[code];
  if (status === 429) return known !== undefined && stops[known] ? known : 'rate_limited';
  if (status === 404) return known === 'not_found' ? known : orOrganization(detail, 'refused');
  if (status === 401)
    return known === 'missing_scope' || known === 'wrong_organization'
      ? known
      : orOrganization(detail, 'invalid_token');
  if (status >= 500) return 'server_fault';
  return known === 'wrong_organization' ? known : orOrganization(detail, 'refused');
};

/** Zoho has several codes for an organisation that is not ours, and says so in words. */
const orOrganization = (detail: string, otherwise: ZohoErrorKind): ZohoErrorKind =>
  /organi[sz]ation|company ?(id|name)/i.test(detail) ? 'wrong_organization' : otherwise;
