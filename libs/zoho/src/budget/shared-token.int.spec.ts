import { itemIdSchema } from '@tallystream/contracts';
import { eventually } from '@tallystream/testing';
import { credentials, openTestRedis, replicas, sweep } from '../spec/replicas';
import {
  type Answer,
  DETAILS,
  json,
  TOKEN,
  TOKEN_PATH,
  type ZohoServer,
  zohoThat,
} from '../spec/zoho-server';

const ids = [itemIdSchema.parse('1')];
const details = json({ items: [] });
const invalidToken = json({ code: 14, message: 'Invalid oauth token' }, { status: 401 });
const tokenCalled = (name: string, expires_in = 3600) => json({ ...TOKEN, access_token: name, expires_in });

const { open, naming, close } = replicas();
let zoho: ZohoServer;
afterEach(async () => {
  await close();
  await zoho.close();
});

const bearers = () =>
  zoho.to(DETAILS).map(({ authorization }) => authorization.replace('Zoho-oauthtoken ', ''));

describe('the access token', () => {
  it('is asked for once, however many replicas and calls there are', async () => {
    zoho = await zohoThat({ [TOKEN_PATH]: [tokenCalled('one'), tokenCalled('two')], [DETAILS]: [details] });
    const clients = await Promise.all([1, 2, 3].map(() => open(zoho.url)));
    await Promise.all([...clients, ...clients].map((client) => client.itemDetails(ids, sweep)));
    const late = await open(zoho.url);
    await late.itemDetails(ids, sweep);
    expect(new Set(bearers())).toEqual(new Set(['one']));
    expect(zoho.to(TOKEN_PATH)).toHaveLength(1);
  });

  it('is asked for with the refresh token, in the body and not in the URL', async () => {
    zoho = await zohoThat({ [TOKEN_PATH]: [tokenCalled('one')], [DETAILS]: [details] });
    await (await open(zoho.url)).itemDetails(ids, sweep);
    const [call] = zoho.to(TOKEN_PATH);
    expect([call?.method, ...(call?.query ?? [])]).toEqual(['POST']);
    expect(Object.fromEntries(new URLSearchParams(call?.body))).toEqual({
      grant_type: 'refresh_token',
      client_id: '1000.ID',
      client_secret: 'hush',
      refresh_token: '1000.again',
    });
  });

  it('lies in Redis until its end, and not for everyone to read', async () => {
    zoho = await zohoThat({ [TOKEN_PATH]: [tokenCalled('1000.plain')], [DETAILS]: [details] });
    await (await open(zoho.url)).itemDetails(ids, sweep);
    const redis = openTestRedis();
    await redis.connect();
    const [key = ''] = await redis.keys(naming().redisKey('zoho:token:*'));
    const sealed = (await redis.get(key)) ?? '';
    expect(await redis.pttl(key)).toBeGreaterThan(3_590_000);
    for (const text of [key, sealed, Buffer.from(sealed, 'base64').toString('latin1')])
      expect(text).not.toMatch(/plain|hush|again/);

    // What nobody of ours has sealed is not used.
    await redis.set(key, Buffer.from('{"token":"theirs","livesMs":1}').toString('base64'), 'PX', 60_000);
    await (await open(zoho.url)).itemDetails(ids, sweep);
    expect(bearers()).toEqual(['1000.plain', '1000.plain']);
    expect(zoho.to(TOKEN_PATH)).toHaveLength(2);
    redis.disconnect();
  });

  it('is renewed early by one replica, while the others go on with the old one', async () => {
    let giveNew: (answer: Answer) => void = () => undefined;
    const isGiven = new Promise<Answer>((resolve) => {
      giveNew = resolve;
    });
    zoho = await zohoThat({
      // Renewed from the half of its life.
      [TOKEN_PATH]: (_call, count) => (count === 0 ? tokenCalled('old', 2) : isGiven),
      [DETAILS]: [details],
    });
    const [one, other] = [await open(zoho.url), await open(zoho.url)];
    await Promise.all([one.itemDetails(ids, sweep), other.itemDetails(ids, sweep)]);
    const calls: Promise<unknown>[] = [];
    await eventually(() => {
      calls.push(one.itemDetails(ids, sweep));
      expect(zoho.to(TOKEN_PATH)).toHaveLength(2);
    });
    await other.itemDetails(ids, sweep);
    expect(bearers().at(-1)).toBe('old');
    giveNew(tokenCalled('new'));
    await eventually(async () => {
      await other.itemDetails(ids, sweep);
      expect(bearers().at(-1)).toBe('new');
    });
    await Promise.all(calls);
    expect(zoho.to(TOKEN_PATH)).toHaveLength(2);
  });

  it('that Zoho no longer takes is renewed once for all, and the calls are made again', async () => {
    const isOld = (authorization: string) => authorization.endsWith('old');
    zoho = await zohoThat({
      [TOKEN_PATH]: [tokenCalled('old'), tokenCalled('new')],
      [DETAILS]: ({ authorization }) => (isOld(authorization) ? invalidToken : details),
    });
    const [one, other] = [await open(zoho.url), await open(zoho.url)];
    await Promise.all([one, one, other, other].map((client) => client.itemDetails(ids, sweep)));
    expect(zoho.to(TOKEN_PATH)).toHaveLength(2);
    expect([one.status().state, other.status().state]).toEqual(['ok', 'ok']);
  });

  it('that Zoho never takes is not asked for again and again', async () => {
    zoho = await zohoThat({
      [TOKEN_PATH]: [tokenCalled('old'), tokenCalled('new')],
      [DETAILS]: [invalidToken],
    });
    const client = await open(zoho.url);
    await expect(client.itemDetails(ids, sweep)).rejects.toMatchObject({ kind: 'invalid_token', code: 14 });
    await expect(client.itemDetails(ids, sweep)).rejects.toMatchObject({ kind: 'invalid_credentials' });
    await expect((await open(zoho.url)).itemDetails(ids, sweep)).rejects.toThrow();
    expect(zoho.to(TOKEN_PATH)).toHaveLength(2);
  });

  it.each<{ what: string; answer: Answer; kind: string; says: string }>([
    {
      what: 'a wrong refresh token, said with 200',
      answer: json({ error: 'invalid_code' }),
      kind: 'expired_token',
      says: 'Zoho answered 200: no access token was given: invalid_code',
    },
    {
      what: 'a wrong secret, said with 200',
      answer: json({ error: 'invalid_client_secret' }),
      kind: 'invalid_credentials',
      says: 'Zoho answered 200: no access token was given: invalid_client_secret',
    },
    {
      what: 'too many requests',
      answer: json({ error: 'Access Denied' }, { status: 400 }),
      kind: 'rate_limited',
      says: 'Zoho answered 400: no access token was given: Access Denied',
    },
    {
      what: 'a token without end',
      answer: json({ access_token: '1000.fresh' }),
      kind: 'server_fault',
      says: 'Zoho answered 200: no access token was given: the answer says no more',
    },
    {
      what: 'a page for people',
      answer: { status: 502, body: '<html>Bad gateway</html>' },
      kind: 'server_fault',
      says: 'Zoho answered 502: no access token was given: the answer says no more',
    },
  ])('given $what instead, fails the calls of all replicas with one request', async (given) => {
    zoho = await zohoThat({ [TOKEN_PATH]: [given.answer], [DETAILS]: [details] });
    const clients = [await open(zoho.url), await open(zoho.url)];
    for (const client of clients) {
      const error: unknown = await client.itemDetails(ids, { ...sweep }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ kind: given.kind, until: expect.any(String) });
      expect(String(error)).toContain(given.says);
      expect(`${error} ${JSON.stringify(client.status())}`).not.toMatch(/hush|1000\.again/);
    }
    expect(zoho.to(TOKEN_PATH).length).toBeLessThanOrEqual(given.kind === 'server_fault' ? 2 : 1);
    expect(zoho.to(DETAILS)).toHaveLength(0);
  });

  it('is asked for again after a while', async () => {
    zoho = await zohoThat({
      [TOKEN_PATH]: [json({ error: 'Access Denied' }), tokenCalled('one')],
      [DETAILS]: [details],
    });
    const client = await open(zoho.url, { times: { deniedMs: 100 } });
    await expect(client.itemDetails(ids, sweep)).rejects.toMatchObject({ kind: 'rate_limited' });
    await eventually(async () => expect(await client.itemDetails(ids, sweep)).toBeDefined());
    expect(zoho.to(TOKEN_PATH)).toHaveLength(2);
  });

  it('of other credentials is another', async () => {
    zoho = await zohoThat({ [TOKEN_PATH]: [tokenCalled('one'), tokenCalled('two')], [DETAILS]: [details] });
    await (await open(zoho.url)).itemDetails(ids, sweep);
    const others = { ...credentials(zoho.url), refreshToken: '1000.other' };
    await (await open(zoho.url, { credentials: others })).itemDetails(ids, sweep);
    expect(bearers()).toEqual(['one', 'two']);
  });
});
