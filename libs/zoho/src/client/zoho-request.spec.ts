import { type Answer, json, type ZohoServer, zohoThat } from '../spec/zoho-server';
import { request } from './zoho-request';

let zoho: ZohoServer;
afterEach(() => zoho.close());

const options = { timeoutMs: 5_000, signals: [] };
const ask = async (answer: Answer) => {
  zoho = await zohoThat({ '/': [answer] });
  return request(`${zoho.url}/`, options);
};

describe("Zoho's time at the start of a request", () => {
  it('is that of its answer when that came within a second', async () => {
    expect((await ask(json({}))).asOf).toBe('2026-01-07T10:30:00Z');
  });

  it('is earlier by as long as the answer took', async () => {
    zoho = await zohoThat({ '/': () => new Promise((resolve) => setTimeout(resolve, 1_100, json({}))) });
    expect((await request(`${zoho.url}/`, options)).asOf).toBe('2026-01-07T10:29:58Z');
  });

  it.each([null, 'some day'])('is unknown with the Date %p', async (date) => {
    expect(await ask(json({}, { date }))).not.toHaveProperty('asOf');
  });
});

describe("Zoho's pace", () => {
  const limits = (limit: string, remaining: string, reset?: string) => ({
    'X-Rate-Limit-Limit': limit,
    'X-Rate-Limit-Remaining': remaining,
    ...(reset === undefined ? {} : { 'X-Rate-Limit-Reset': reset }),
  });

  it.each([
    {
      headers: limits('100', '7', '42'),
      rate: { window: 'minute', limit: 100, remaining: 7, resetMs: 42_000 },
    },
    { headers: limits('100', '0'), rate: { window: 'minute', limit: 100, remaining: 0 } },
    {
      headers: limits('5000', '4999', '30'),
      rate: { window: 'day', limit: 5_000, remaining: 4_999, resetMs: 30_000 },
    },
    {
      headers: limits('300', '20', '7200'),
      rate: { window: 'day', limit: 300, remaining: 20, resetMs: 7_200_000 },
    },
    { headers: limits('many', '7', '42'), rate: undefined },
    { headers: limits('100', '-1', '42'), rate: undefined },
    { headers: {}, rate: undefined },
  ])('is told by $headers', async ({ headers, rate }) => {
    expect((await ask(json({}, { headers }))).rate).toEqual(rate);
  });

  it.each([
    { after: '5', ms: 5_000 },
    { after: 'Wed, 07 Jan 2026 10:31:00 GMT', ms: 60_000 },
    { after: 'Wed, 07 Jan 2026 10:29:00 GMT', ms: undefined },
    { after: 'soon', ms: undefined },
  ])('is told by Retry-After: $after', async ({ after, ms }) => {
    expect((await ask(json({}, { status: 429, headers: { 'Retry-After': after } }))).retryAfterMs).toBe(ms);
  });
});
