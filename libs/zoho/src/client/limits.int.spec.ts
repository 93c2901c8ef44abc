import { type ItemId, itemIdSchema } from '@tallystream/contracts';
import { eventually } from '@tallystream/testing';
import { register } from 'prom-client';
import type { BudgetTimes } from '../budget/budget-store';
import { openTestRedis, replicas, sweep } from '../spec/replicas';
import { type Answer, type Call, DETAILS, json, type ZohoServer, zohoWithToken } from '../spec/zoho-server';
import { readItems } from './read-items';

const ids = Array.from({ length: 40 }, (_, n) => itemIdSchema.parse(`i${n}`));
const idsOf = ({ query }: Call) => (query.get('item_ids') ?? '').split(',');
const itemsOf = (call: Call) => json({ items: idsOf(call).map((item_id) => ({ item_id })) });
const refusal = (code: number, headers: Answer['headers'] = {}) =>
  json({ code, message: 'too fast' }, { status: 429, headers });

const { open, close } = replicas();
let zoho: ZohoServer;
afterEach(async () => {
  await close();
  await zoho.close();
});

/** Two replicas that read 40 items each, one item in a call, all at once. */
const readTwice = async (times: Partial<BudgetTimes> = {}, limits = {}) => {
  const settings = {
    limits: { perMinute: 1_000, perDay: 5_000, concurrency: 5, ...limits },
    times: { soonMs: 10, retryMs: 10, heartbeatMs: 100, ...times },
  };
  const clients = [await open(zoho.url, settings), await open(zoho.url, settings)];
  const read = async (id: ItemId, n: number) => clients[n % 2]?.itemDetails([id], sweep);
  const all = await Promise.all([...ids, ...ids].map(read));
  return all.flatMap((answer) => answer?.items.map(({ itemId }) => itemId) ?? []);
};

describe("Zoho's limits", () => {
  it('of the minute, when reached (44), stop both replicas, and then all is completed', async () => {
    const until = { ms: 0 };
    const early: number[] = [];
    zoho = await zohoWithToken({
      [DETAILS]: (call, count) => {
        if (count === 20) {
          until.ms = call.at + 500;
          return refusal(44);
        }
        if (call.at < until.ms) early.push(count);
        return itemsOf(call);
      },
    });
    expect(await readTwice({ blockMs: 500 })).toHaveLength(80);
    expect(zoho.to(DETAILS)).toHaveLength(81);
    // Only those that were on their way when it was said.
    expect(early.length).toBeLessThan(5);
  });

  it('of the minute show in the standing while one waits for them', async () => {
    zoho = await zohoWithToken({
      [DETAILS]: (call, count) => (count === 0 ? refusal(44) : itemsOf(call)),
    });
    const client = await open(zoho.url, { times: { blockMs: 300, soonMs: 1 } });
    const waiting = client.itemDetails(ids, sweep);
    await eventually(() => expect(client.status().state).toBe('rate_limited'));
    await waiting;
    expect(client.status().state).toBe('ok');
  });

  it('of the day that we keep for the urgent are no fault of the connection', async () => {
    zoho = await zohoWithToken({ [DETAILS]: itemsOf });
    const client = await open(zoho.url, { limits: { perMinute: 100, perDay: 1, concurrency: 5 } });
    await client.itemDetails(ids, { priority: 'operator' });
    await expect(client.itemDetails(ids, sweep)).rejects.toMatchObject({ kind: 'quota_exhausted' });
    expect(client.status().state).toBe('ok');
  });

  it('of the minute last as long as Zoho says', async () => {
    zoho = await zohoWithToken({
      [DETAILS]: (call, count) => (count === 0 ? refusal(44, { 'Retry-After': '1' }) : itemsOf(call)),
    });
    const began = performance.now();
    await readTwice({ blockMs: 60_000 });
    expect(performance.now() - began).toBeGreaterThanOrEqual(995);
  });

  it('of the minute are kept without being told, by both together', async () => {
    zoho = await zohoWithToken({ [DETAILS]: itemsOf });
    // Sweeps have 80 % of it.
    await readTwice({ minuteMs: 300 }, { perMinute: 25 });
    const times = zoho.to(DETAILS).map(({ at }) => at);
    const spans = times.slice(20).map((time, index) => time - (times[index] ?? 0));
    expect(times).toHaveLength(80);
    expect(Math.min(...spans)).toBeGreaterThanOrEqual(300);
  });

  it('of the minute as the headers tell them are believed', async () => {
    let left = 12;
    zoho = await zohoWithToken({
      [DETAILS]: (call) => {
        left -= 1;
        const headers = {
          'X-Rate-Limit-Limit': '100',
          'X-Rate-Limit-Remaining': String(Math.max(0, left)),
          'X-Rate-Limit-Reset': '60',
        };
        return left < 0 ? refusal(44) : { ...itemsOf(call), headers };
      },
    });
    const client = await open(zoho.url);
    const operator = { priority: 'operator', patienceMs: 300 } as const;
    for (let calls = 0; calls < 12; calls += 1) await client.itemDetails(ids.slice(0, 1), operator);
    await expect(client.itemDetails(ids.slice(0, 1), operator)).rejects.toMatchObject({
      kind: 'rate_limited',
    });
    expect(zoho.to(DETAILS)).toHaveLength(12);
  });

  it('of calls at once are kept, and where Zoho takes fewer (1070) they become fewer', async () => {
    let inFlight = 0;
    let refusals = 0;
    zoho = await zohoWithToken({
      [DETAILS]: async (call) => {
        inFlight += 1;
        const isTooMany = inFlight > 2;
        if (isTooMany) refusals += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
        inFlight -= 1;
        return isTooMany ? refusal(1070) : itemsOf(call);
      },
    });
    expect(await readTwice()).toHaveLength(80);
    expect(zoho.busiest()).toBeLessThanOrEqual(5);
    expect(refusals).toBeLessThanOrEqual(10);
    expect(zoho.to(DETAILS)).toHaveLength(80 + refusals);
  });

  it('of the day, when reached (45), end all calls of all replicas at once', async () => {
    zoho = await zohoWithToken({ [DETAILS]: [refusal(45)] });
    const [one, other] = [await open(zoho.url), await open(zoho.url)];
    const reading = readItems(one, ids, { ...sweep, batchSize: 10 });
    await expect(reading).rejects.toMatchObject({ kind: 'quota_exhausted', code: 45 });
    const { until } = await reading.catch((error) => error);
    const operator = { priority: 'operator' } as const;
    await expect(other.itemDetails(ids, operator)).rejects.toMatchObject({ kind: 'quota_exhausted', until });
    expect(until).toMatch(/T00:00:00Z$/);
    expect((await other.budget()).day.remaining).toBe(0);
    expect(zoho.to(DETAILS)).toHaveLength(1);
  });

  it('do not make anybody search for dead ids', async () => {
    const dead = 'i7';
    zoho = await zohoWithToken({
      [DETAILS]: (call, count) => {
        if (count === 2) return refusal(44);
        return idsOf(call).includes(dead)
          ? json({ code: 1002, message: 'gone' }, { status: 404 })
          : itemsOf(call);
      },
    });
    const client = await open(zoho.url, { times: { blockMs: 50, soonMs: 1 } });
    const { answers, gone } = await readItems(client, ids, { ...sweep, batchSize: 100 });
    expect(gone).toEqual([dead]);
    expect(answers.flatMap(({ items }) => items)).toHaveLength(39);
    expect(zoho.to(DETAILS).length).toBeLessThanOrEqual(1 + 8 + 1);
  });
});

describe('without Redis', () => {
  it('nothing is asked, and all goes on when it is back, with the token that was there', async () => {
    zoho = await zohoWithToken({ [DETAILS]: itemsOf });
    const redis = openTestRedis();
    const client = await open(zoho.url, { redis });
    await client.itemDetails(ids, sweep);
    redis.disconnect();
    await expect(client.itemDetails(ids, { ...sweep, patienceMs: 50 })).rejects.toMatchObject({
      kind: 'budget_unavailable',
    });
    expect(client.status().state).toBe('budget_unavailable');
    const waiting = client.itemDetails(ids, sweep);
    await eventually(() => expect(client.status().detail).toContain('Redis'));
    await redis.connect();
    expect((await waiting).items).toHaveLength(40);
    expect(client.status().state).toBe('ok');
    expect(zoho.calls).toHaveLength(3);
  });
});

describe('the metrics', () => {
  it('count the requests by endpoint and code, and show what is left', async () => {
    register.resetMetrics();
    zoho = await zohoWithToken({
      [DETAILS]: (call, count) => [refusal(1070), { status: 503 }][count] ?? itemsOf(call),
    });
    const client = await open(zoho.url, { times: { soonMs: 1, retryMs: 1 } });
    await client.itemDetails(ids, sweep);
    const { minute, day } = await client.budget();
    const shown = await register.metrics();
    for (const line of [
      'tally_zoho_requests_total{endpoint="itemdetails",code="1070"} 1',
      'tally_zoho_requests_total{endpoint="itemdetails",code="http_503"} 1',
      'tally_zoho_requests_total{endpoint="oauth/token",code="0"} 1',
      'tally_zoho_request_seconds_count{endpoint="itemdetails"} 3',
      `tally_zoho_quota_remaining{window="minute"} ${minute.remaining}`,
      `tally_zoho_quota_remaining{window="day"} ${day.remaining}`,
    ])
      expect(shown).toContain(line);
    expect([minute.remaining, day.remaining]).toEqual([97, 4_997]);
  });

  it('go without what is left when the client has ended', async () => {
    zoho = await zohoWithToken({});
    await open(zoho.url);
    await close();
    await eventually(async () => expect(await register.metrics()).not.toMatch(/quota_remaining\{/));
  });
});
