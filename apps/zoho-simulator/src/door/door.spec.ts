import { type Running, startSimulator } from '../testing/running';

let running: Running;
beforeEach(async () => {
  running = await startSimulator();
});
afterEach(() => running.stop());

const LIST = '/inventory/v1/items?per_page=1';
const list = () => running.zoho(LIST);
const many = async (count: number) => {
  const codes = [];
  for (let call = 0; call < count; call += 1) codes.push((await list()).body.code);
  return codes;
};

describe('the organisation', () => {
  it('has to be named, and to be ours', async () => {
    expect(await running.zoho('/inventory/v1/locations?organization_id=')).toMatchObject({
      status: 400,
      body: { code: 6024 },
    });
    expect(await running.zoho('/books/v3/items?organization_id=77')).toMatchObject({
      status: 400,
      body: { code: 6041, message: expect.stringContaining('77') },
    });
    expect(await running.zoho('/inventory/v1/organizations/77')).toMatchObject({ status: 400 });
  });

  it('is shown with its warehouses, under both their names', async () => {
    const body = async (path: string) => (await running.zoho(`/inventory/v1/${path}`)).body;
    expect(await body('organizations/10234695')).toMatchObject({
      organization: { organization_id: '10234695', name: 'Simulated Trading Co.' },
    });
    const { locations } = (await body('locations')) as { locations: Record<string, unknown>[] };
    const { warehouses } = (await body('settings/warehouses')) as { warehouses: Record<string, unknown>[] };
    expect(locations).toHaveLength(3);
    expect(warehouses.map(({ warehouse_id, warehouse_name }) => [warehouse_id, warehouse_name])).toEqual(
      locations.map(({ location_id, location_name }) => [location_id, location_name]),
    );
  });
});

describe('tokens', () => {
  it('open the door for an hour, unforged, and none else does', async () => {
    const { ask, zoho, token, wall } = running;
    const refused = { status: 401, body: { code: 14 } };
    expect(await ask(LIST)).toMatchObject(refused);
    expect(await zoho(LIST, `${token().slice(0, -1)}x`)).toMatchObject(refused);
    wall.now += 3_599_000;
    expect((await list()).status).toBe(200);
    wall.now += 1000;
    expect(await list()).toMatchObject(refused);
  });

  it('can all be expired before their time; the next one is good', async () => {
    await running.control('accounts/expire');
    expect(await list()).toMatchObject({ status: 401, body: { code: 14 } });
    await running.renewToken();
    expect((await list()).status).toBe(200);
  });

  it('live as long as they are told to', async () => {
    await running.control('accounts', { lifeSeconds: 5 });
    expect((await running.askToken()).body).toMatchObject({ expires_in: 5 });
    await running.renewToken();
    running.wall.now += 5000;
    expect((await list()).status).toBe(401);
  });

  it('reach only what was not withdrawn', async () => {
    await running.control('accounts', { withdrawn: ['itemdetails', 'invoices'] });
    expect(await running.zoho('/inventory/v1/invoices')).toMatchObject({ status: 401, body: { code: 57 } });
    expect((await list()).status).toBe(200);
    await running.control('accounts/reset');
    expect((await running.zoho('/inventory/v1/invoices')).status).toBe(200);
  });

  it.each([
    [{ client_id: 'other' }, 'invalid_client'],
    [{ client_secret: 'other' }, 'invalid_client_secret'],
    [{ refresh_token: 'other' }, 'invalid_code'],
    [{ refresh_token: '' }, 'invalid_code'],
    [{ grant_type: 'password' }, 'invalid_grant'],
  ])('are refused to %j in a 200: %s', async (form, error) => {
    await running.control('accounts', { clientId: 'c', clientSecret: 's', refreshToken: 'r' });
    expect(await running.askToken(form)).toMatchObject({ status: 200, body: { error } });
    expect((await running.askToken()).body).toHaveProperty('access_token');
    expect((await running.show('accounts')).body).toMatchObject({ tokensIssued: 2, tokenRequests: 3 });
  });

  it('are denied after ten requests in ten minutes, when that is watched', async () => {
    await running.control('accounts', { requestsPerTenMinutes: 10 });
    const errors = [];
    for (let request = 0; request < 10; request += 1) errors.push((await running.askToken()).body.error);
    expect(errors).toEqual([...Array.from({ length: 9 }, () => undefined), 'Access Denied']);
    running.wall.now += 600_000;
    expect((await running.askToken()).body).toHaveProperty('access_token');
  });
});

describe('limits', () => {
  it('are off, until they are set, and off again', async () => {
    await running.control('limits', { perMinute: 2 });
    expect(await many(3)).toEqual([0, 0, 44]);
    await running.control('limits', { perMinute: null });
    running.wall.now += 60_000;
    expect(await many(3)).toEqual([0, 0, 0]);
  });

  it('block everything for a while when a minute is used up', async () => {
    await running.control('limits', { perMinute: 5, blockSeconds: 30, retryAfter: true });
    expect(await many(5)).toEqual([0, 0, 0, 0, 0]);
    running.wall.now += 59_000;
    expect(await list()).toMatchObject({ status: 429, body: { code: 44 } });
    running.wall.now += 29_999;
    const last = await list();
    expect([last.status, last.headers.get('retry-after')]).toEqual([429, '1']);
    running.wall.now += 1;
    expect(await many(2)).toEqual([0, 0]);
  });

  it('count the day until midnight in the organisation', async () => {
    await running.control('limits', { perDay: 1000, usedToday: 998, headers: 'day', retryAfter: true });
    const first = await list();
    // It is 17:30 there.
    expect(first.headers.get('x-rate-limit-limit')).toBe('1000');
    expect(first.headers.get('x-rate-limit-remaining')).toBe('1');
    expect(first.headers.get('x-rate-limit-reset')).toBe(String(6.5 * 3600));
    await list();
    const refused = await list();
    expect(refused).toMatchObject({ status: 429, body: { code: 45 } });
    expect(refused.headers.get('retry-after')).toBe(String(6.5 * 3600));
    running.wall.now += 6.5 * 3_600_000;
    await running.renewToken();
    expect((await list()).status).toBe(200);
  });

  it('tell of the minute in headers', async () => {
    await running.control('limits', { perMinute: 10, headers: 'minute' });
    await list();
    running.wall.now += 20_000;
    const { headers } = await list();
    expect(['limit', 'remaining', 'reset'].map((name) => headers.get(`x-rate-limit-${name}`))).toEqual([
      '10',
      '8',
      '40',
    ]);
  });

  it('allow so many at once', async () => {
    await running.control('limits', { concurrency: 2 });
    await running.control('faults', { kind: 'latency', milliseconds: 200, times: 2 });
    const slow = [list(), list()];
    while ((await running.show('limits')).body.inFlight !== 2);
    expect(await list()).toMatchObject({ status: 429, body: { code: 1070 } });
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await list()).status).toBe(200);
  });
});

describe('calls', () => {
  it('are counted by endpoint, with what they were answered', async () => {
    await running.control('calls/reset');
    await list();
    await running.zoho('/books/v3/items/2646610000000109854');
    await running.zoho('/books/v3/items/1');
    await running.zoho('/inventory/v1/settings/warehouses', 'wrong');
    await running.askToken();
    const { body } = await running.show('calls');
    expect(body).toMatchObject({
      total: 4,
      tokenRequests: 1,
      endpoints: {
        items: { calls: 1, statuses: { 200: 1 } },
        'items/:id': { calls: 2, statuses: { 200: 1, 404: 1 } },
        'settings/warehouses': { calls: 1, statuses: { 401: 1 } },
        token: { calls: 1, statuses: { 200: 1 } },
      },
    });
    const newest = body.newest as { endpoint: string; query: string }[];
    expect(newest.map(({ endpoint }) => endpoint)).toEqual([
      'items',
      'items/:id',
      'items/:id',
      'settings/warehouses',
      'token',
    ]);
    expect(newest[0]?.query).toContain('per_page=1');
    expect(newest[4]?.query).toBe('');
    expect((await running.control('calls/reset')).body).toMatchObject({ total: 0, endpoints: {} });
  });

  it('count when they are refused, or never answered', async () => {
    await running.control('calls/reset');
    await running.control('limits', { perMinute: 1 });
    await running.control('faults', { kind: 'cut' });
    await expect(list()).rejects.toThrow();
    await list();
    expect((await running.show('calls')).body).toMatchObject({
      endpoints: { items: { calls: 2, statuses: { cut: 1, 429: 1 } } },
    });
  });
});

describe('faults', () => {
  it('answer so many calls of an endpoint with an error, after letting some pass', async () => {
    await running.control('faults', {
      endpoint: 'items',
      after: 1,
      times: 2,
      status: 429,
      code: 44,
      message: 'Slow down',
      headers: { 'Retry-After': '7' },
    });
    expect((await running.zoho('/inventory/v1/locations')).status).toBe(200);
    expect((await list()).status).toBe(200);
    const struck = await list();
    expect(struck).toMatchObject({ status: 429, body: { code: 44, message: 'Slow down' } });
    expect(struck.headers.get('retry-after')).toBe('7');
    expect((await running.show('faults')).body).toMatchObject({ met: 1, planned: [{ times: 1 }] });
    expect([(await list()).status, (await list()).status]).toEqual([429, 200]);
  });

  it('tear an answer, or never give one', async () => {
    await running.control('faults', { kind: 'broken' });
    await expect(list()).rejects.toThrow(/JSON/);
    await running.control('faults', { kind: 'hang' });
    const headers = { authorization: `Zoho-oauthtoken ${running.token()}` };
    const hung = fetch(running.base + LIST, { headers, signal: AbortSignal.timeout(100) });
    await expect(hung).rejects.toThrow(/timeout/);
    expect((await list()).status).toBe(200);
  });

  it('strike the accounts server too, and can be called off', async () => {
    await running.control('faults', { endpoint: 'token', status: 503, times: 5 });
    expect((await running.askToken()).status).toBe(503);
    await running.control('faults/reset');
    expect((await running.askToken()).status).toBe(200);
  });
});
