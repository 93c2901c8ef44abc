import { callEnd, refusalOf } from './refusals';
import type { ZohoErrorKind } from './zoho-error';
import type { Reply } from './zoho-request';

const reply = (status: number, body?: Record<string, unknown>, rest: Partial<Reply> = {}): Reply => ({
  status,
  text: '',
  ...(body ? { body } : {}),
  ...rest,
});

describe('an answer of Zoho', () => {
  it.each<{ status: number; code?: number; message?: string; kind: ZohoErrorKind }>([
    { status: 429, code: 44, kind: 'rate_limited' },
    { status: 429, code: 45, kind: 'quota_exhausted' },
    { status: 429, code: 1070, kind: 'too_many_at_once' },
    { status: 429, code: 5, kind: 'rate_limited' },
    { status: 429, kind: 'rate_limited' },
    { status: 401, code: 14, kind: 'invalid_token' },
    { status: 401, kind: 'invalid_token' },
    { status: 401, code: 57, kind: 'missing_scope' },
    { status: 401, code: 6041, kind: 'wrong_organization' },
    {
      status: 401,
      code: 9,
      message: 'This user is not associated with the CompanyID',
      kind: 'wrong_organization',
    },
    { status: 400, code: 6024, message: 'Organisation not found', kind: 'wrong_organization' },
    { status: 403, code: 6041, kind: 'wrong_organization' },
    { status: 404, code: 1002, kind: 'not_found' },
    { status: 404, code: 5, kind: 'not_found' },
    { status: 404, code: 6041, message: 'Invalid organization', kind: 'wrong_organization' },
    { status: 404, code: 44, kind: 'refused' },
    { status: 404, kind: 'refused' },
    { status: 400, code: 5, kind: 'refused' },
    { status: 414, kind: 'refused' },
    { status: 200, code: 2, kind: 'refused' },
    { status: 500, code: 1002, kind: 'server_fault' },
    { status: 503, kind: 'server_fault' },
  ])('with $status and code $code is $kind', ({ status, code, message, kind }) => {
    const body = code === undefined ? undefined : { code, message };
    expect(refusalOf(reply(status, body))).toMatchObject({ kind, status, code });
  });

  it.each([{ code: 0 }, { items: [] }])('with 200 and %j is fine', (body) => {
    expect(refusalOf(reply(200, body))).toBeUndefined();
  });

  it('with 200 that is no JSON is a fault', () => {
    expect(refusalOf(reply(200))).toMatchObject({ kind: 'server_fault' });
  });
});

describe('what the budget is told', () => {
  const minute = { window: 'minute', limit: 100, remaining: 0, resetMs: 12_000 } as const;
  const day = { window: 'day', limit: 1_000, remaining: 0, resetMs: 7_200_000 } as const;

  it.each<{ code: number; rest: Partial<Reply>; end: Record<string, unknown> }>([
    { code: 44, rest: {}, end: { stop: 'minute' } },
    { code: 44, rest: { rate: minute }, end: { stop: 'minute', stopMs: 12_000, rate: minute } },
    { code: 44, rest: { rate: day }, end: { stop: 'minute', rate: day } },
    {
      code: 44,
      rest: { rate: minute, retryAfterMs: 5_000 },
      end: { stop: 'minute', stopMs: 5_000, rate: minute },
    },
    { code: 45, rest: { rate: minute }, end: { stop: 'day', rate: minute } },
    { code: 45, rest: { rate: day }, end: { stop: 'day', stopMs: 7_200_000, rate: day } },
    { code: 1070, rest: {}, end: { stop: 'concurrency' } },
  ])('of code $code with $rest is $end', ({ code, rest, end }) => {
    const given = reply(429, { code, message: 'no' }, rest);
    expect(callEnd(given, refusalOf(given))).toEqual({ sent: true, ...end });
  });

  it.each([
    { retryAfterMs: 5_000, stopMs: 5_000 },
    { retryAfterMs: 3_600_000, stopMs: 60_000 },
  ])('of a fault that asks for $retryAfterMs ms is $stopMs', ({ retryAfterMs, stopMs }) => {
    const given = reply(503, undefined, { retryAfterMs });
    expect(callEnd(given, refusalOf(given))).toEqual({ sent: true, stop: 'minute', stopMs });
  });

  it('of a success is how much is left', () => {
    expect(callEnd(reply(200, {}, { rate: minute }), undefined)).toEqual({ sent: true, rate: minute });
  });
});
