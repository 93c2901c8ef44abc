import { instantFrom, itemIdSchema, millisOf } from '@tallystream/contracts';
import { eventually } from '@tallystream/testing';
import { replicas, sweep } from '../spec/replicas';
import {
  type Answer,
  type Answers,
  DETAILS,
  ITEMS,
  json,
  TOKEN_PATH,
  type ZohoServer,
  zohoWithToken,
} from '../spec/zoho-server';
import { ZohoError } from './zoho-error';

const ids = ['2646610000000109854', '2646610000000109861'].map((id) => itemIdSchema.parse(id));

const { open, close } = replicas();
let zoho: ZohoServer;
afterEach(async () => {
  await close();
  await zoho.close();
});

const level = {
  location_id: '77',
  location_stock_on_hand: '5',
  location_committed_stock: 1,
  location_actual_available_stock: 6,
  location_actual_committed_stock: 0,
};
const bag = { item_id: ids[0], name: 'Bag', locations: [level] };
const details = json({ code: 0, message: 'success', items: [bag] });

const gone = { code: 1002, message: 'Resource does not exist' };

const failure = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'it did not fail',
    (error: unknown) => error,
  );

describe('item details', () => {
  it("are the stock of the items and Zoho's own time", async () => {
    zoho = await zohoWithToken({ [DETAILS]: [details] });
    expect(await (await open(zoho.url)).itemDetails(ids, sweep)).toEqual({
      asOf: '2026-01-07T10:30:00Z',
      items: [
        {
          itemId: ids[0],
          details: { itemId: ids[0], name: 'Bag', status: 'active', tracksStock: true },
          raw: JSON.stringify(bag),
          levels: [
            {
              warehouseId: '77',
              quantities: { onHand: 5, committed: 1, physicalOnHand: 6, physicalCommitted: 0, inTransit: 0 },
            },
          ],
        },
      ],
    });
  });

  it('are asked for in one call, with the organisation and the token', async () => {
    zoho = await zohoWithToken({ [DETAILS]: [details] });
    await (await open(zoho.url)).itemDetails(ids, sweep);
    const [call] = zoho.to(DETAILS);
    expect(call).toMatchObject({ method: 'GET', authorization: 'Zoho-oauthtoken 1000.fresh' });
    expect(Object.fromEntries(call?.query ?? [])).toEqual({
      item_ids: '2646610000000109854,2646610000000109861',
      organization_id: '10234695',
    });
  });

  it('come from Books when that is the product', async () => {
    zoho = await zohoWithToken({ '/books/v3/itemdetails': [details] });
    await (await open(zoho.url, { product: 'books' })).itemDetails(ids, sweep);
    expect(zoho.to('/books/v3/itemdetails')).toHaveLength(1);
  });

  it('keep every digit of what came without quotes', async () => {
    const raw = '{"item_id":2646610000000109854,"rate":1.50,"name":"شنطة"}';
    zoho = await zohoWithToken({ [DETAILS]: [{ body: `{"code":0, "items": [ ${raw} ]}` }] });
    const { items } = await (await open(zoho.url)).itemDetails(ids, sweep);
    expect(items).toMatchObject([{ itemId: '2646610000000109854', levels: [], raw, details: { rate: 1.5 } }]);
  });

  it('keep no names of people in the text', async () => {
    const text =
      '{"item_id":1,"vendor_name":"Molly","preferred_vendors":[{"vendor_id":"7","vendor_name":"Molly"}]}';
    zoho = await zohoWithToken({ [DETAILS]: [{ body: `{"code":0,"items":[${text}]}` }] });
    const { items } = await (await open(zoho.url)).itemDetails(ids, sweep);
    expect(items).toMatchObject([{ raw: '{"item_id":1,"preferred_vendors":[{"vendor_id":"7"}]}' }]);
  });

  it.each<{ what: string; answer: Answer; error: Partial<ZohoError>; calls: number }>([
    {
      what: 'a dead id',
      answer: json(gone, { status: 404 }),
      error: {
        kind: 'not_found',
        status: 404,
        code: 1002,
        message: 'Zoho answered 404 (code 1002): Resource does not exist',
      },
      calls: 1,
    },
    {
      what: 'a scope that is missing',
      answer: json({ code: 57, message: 'You are not authorized' }, { status: 401 }),
      error: { kind: 'missing_scope', status: 401, code: 57 },
      calls: 1,
    },
    {
      what: 'too many ids',
      answer: { status: 414, body: '<html>URI too long</html>' },
      error: { kind: 'refused', message: 'Zoho answered 414: the answer is not JSON' },
      calls: 1,
    },
    {
      what: 'an error without code',
      answer: json({ error: 'oops' }, { status: 500 }),
      error: { kind: 'server_fault', status: 500, code: undefined, message: 'Zoho answered 500: no message' },
      calls: 4,
    },
    {
      what: 'a page for people',
      answer: { status: 503, body: '<html>Maintenance</html>' },
      error: { kind: 'server_fault', message: 'Zoho answered 503: the answer is not JSON' },
      calls: 4,
    },
    {
      what: 'broken JSON with status 200',
      answer: { body: '{"code":0,"items":[' },
      error: { kind: 'server_fault', message: 'Zoho answered 200: the answer is not JSON' },
      calls: 4,
    },
    {
      what: 'a JSON list',
      answer: { body: '[]' },
      error: { kind: 'server_fault', message: 'Zoho answered 200: the answer is not JSON' },
      calls: 4,
    },
    {
      what: 'no Date header',
      answer: { ...details, date: null },
      error: { kind: 'server_fault', message: 'Zoho answered 200: the answer has no Date header' },
      calls: 4,
    },
    {
      what: 'a cut connection',
      answer: { hangUp: true },
      error: { kind: 'unreachable', status: undefined },
      calls: 4,
    },
    {
      what: 'an item without id',
      answer: json({ items: [{ name: 'Bag' }] }),
      error: { kind: 'unreadable', message: 'item.item_id: is missing' },
      calls: 1,
    },
  ])('given $what, fail with a ZohoError after $calls calls', async ({ answer, error, calls }) => {
    zoho = await zohoWithToken({ [DETAILS]: [answer] });
    const failed = await failure((await open(zoho.url, { times: { retryMs: 1 } })).itemDetails(ids, sweep));
    expect(failed).toBeInstanceOf(ZohoError);
    expect(failed).toMatchObject(error);
    expect(zoho.to(DETAILS)).toHaveLength(calls);
  });

  it('come in the end when what is wrong passes', async () => {
    zoho = await zohoWithToken({ [DETAILS]: [{ status: 502, body: '' }, { hangUp: true }, details] });
    const client = await open(zoho.url, { times: { retryMs: 1 } });
    expect((await client.itemDetails(ids, sweep)).items).toHaveLength(1);
    expect(client.status().state).toBe('ok');
  });

  it('end with the signal of the call, wherever it is', async () => {
    const ending = new AbortController();
    zoho = await zohoWithToken({
      [DETAILS]: () => {
        ending.abort(new Error('enough'));
        return new Promise<Answer>(() => undefined);
      },
    });
    const client = await open(zoho.url);
    await expect(client.itemDetails(ids, { ...sweep, signal: ending.signal })).rejects.toThrow('enough');
    await expect(client.itemDetails(ids, { ...sweep, signal: ending.signal })).rejects.toThrow('enough');
    expect(zoho.to(DETAILS)).toHaveLength(1);
  });

  it('fail when Zoho takes too long', async () => {
    zoho = await zohoWithToken({ [DETAILS]: () => new Promise<Answer>(() => undefined) });
    const client = await open(zoho.url, { times: { timeoutMs: 50, retryMs: 1, retries: 1 } });
    const failed = await failure(client.itemDetails(ids, sweep));
    expect(failed).toMatchObject({ kind: 'unreachable', message: 'no answer: no answer within 50 ms' });
    expect(client.status()).toMatchObject({ state: 'unreachable' });
  });
});

describe('after many failures', () => {
  it('nothing is asked for a while, then once, and all goes on when that succeeds', async () => {
    let isBroken = true;
    zoho = await zohoWithToken({ [DETAILS]: () => (isBroken ? { status: 503 } : details) });
    const client = await open(zoho.url, { times: { retries: 0, breaksAfter: 3, openMs: 300 } });
    for (const _ of [1, 2, 3]) await failure(client.itemDetails(ids, sweep));
    for (const _ of [1, 2, 3])
      expect(await failure(client.itemDetails(ids, sweep))).toMatchObject({ kind: 'unreachable' });
    expect(zoho.to(DETAILS)).toHaveLength(3);
    isBroken = false;
    await eventually(async () => expect(await client.itemDetails(ids, sweep)).toBeDefined());
    expect(zoho.to(DETAILS)).toHaveLength(4);
    expect(client.status().state).toBe('ok');
  });
});

describe('the standing with Zoho', () => {
  it.each<{ what: string; answers: Answers; state: string }>([
    {
      what: 'an unknown client',
      answers: { [TOKEN_PATH]: [json({ error: 'invalid_client' })] },
      state: 'invalid_credentials',
    },
    {
      what: 'a token that is never taken',
      answers: { [DETAILS]: [json({ code: 14, message: 'Invalid oauth token' }, { status: 401 })] },
      state: 'invalid_credentials',
    },
    {
      what: 'a missing scope',
      answers: { [DETAILS]: [json({ code: 57, message: 'Not authorized' }, { status: 401 })] },
      state: 'missing_scope',
    },
    {
      what: 'another organisation, by code',
      answers: { [DETAILS]: [json({ code: 6041, message: 'No such company' }, { status: 401 })] },
      state: 'wrong_organization',
    },
    {
      what: 'another organisation, in words',
      answers: { [DETAILS]: [json({ code: 2, message: 'Invalid organization ID' }, { status: 400 })] },
      state: 'wrong_organization',
    },
    {
      what: "the day's end",
      answers: { [DETAILS]: [json({ code: 45, message: 'exceeded' }, { status: 429 })] },
      state: 'quota_exhausted',
    },
    { what: 'a fault', answers: { [DETAILS]: [{ status: 500 }] }, state: 'unreachable' },
    {
      what: 'a dead id',
      answers: { [DETAILS]: [json(gone, { status: 404 })] },
      state: 'ok',
    },
  ])('given $what, is $state', async ({ answers, state }) => {
    zoho = await zohoWithToken(answers);
    const client = await open(zoho.url, { times: { retries: 0 } });
    expect(client.status().state).toBe('untried');
    await failure(client.itemDetails(ids, sweep));
    expect(client.status()).toMatchObject({ state });
    expect(JSON.stringify(client.status())).not.toMatch(/hush|1000\.again|1000\.fresh/);
  });

  it('given no server there, is unreachable', async () => {
    zoho = await zohoWithToken({});
    const client = await open(zoho.url, { apiBaseUrl: 'http://127.0.0.1:1', times: { retries: 0 } });
    expect(await failure(client.itemDetails(ids, sweep))).toMatchObject({ kind: 'unreachable' });
    expect(client.status()).toMatchObject({ state: 'unreachable' });
  });
});

describe('the organisation', () => {
  const ORGANIZATIONS = '/inventory/v1/organizations';
  const own = {
    organization_id: '10234695',
    name: 'Bags & Co',
    time_zone: 'Asia/Kolkata',
    version: 'premium',
  };

  it('is told by name, and its midnight ends the day', async () => {
    zoho = await zohoWithToken({ [ORGANIZATIONS]: [json({ organizations: [{ organization_id: 1 }, own] })] });
    const client = await open(zoho.url);
    expect(await client.organization(sweep)).toEqual({
      id: '10234695',
      name: 'Bags & Co',
      version: 'premium',
    });
    const { day } = await client.budget();
    expect(day.resetsAt).toMatch(/T18:30:00Z$/);
    expect(millisOf(day.resetsAt) - Date.now()).toBeLessThanOrEqual(86_400_000);
  });

  it('of others only, is the wrong one', async () => {
    zoho = await zohoWithToken({ [ORGANIZATIONS]: [json({ organizations: [{ organization_id: 1 }] })] });
    const client = await open(zoho.url);
    expect(await failure(client.organization(sweep))).toMatchObject({ kind: 'wrong_organization' });
    expect(client.status()).toMatchObject({ state: 'wrong_organization' });
  });
});

describe('the warehouses', () => {
  const place = { warehouseId: '77', name: 'Main', status: 'active', isPrimary: true };

  it('are the locations', async () => {
    const location = { location_id: '77', location_name: 'Main', status: 'active', is_primary: true };
    zoho = await zohoWithToken({ '/inventory/v1/locations': [json({ locations: [location] })] });
    expect(await (await open(zoho.url)).warehouses(sweep)).toEqual([place]);
  });

  it('are looked for in the settings where there are no locations', async () => {
    const warehouse = { warehouse_id: '77', warehouse_name: 'Main', status: 'active', is_primary: true };
    zoho = await zohoWithToken({
      '/inventory/v1/locations': [json({ code: 5, message: 'Invalid URL' }, { status: 404 })],
      '/inventory/v1/settings/warehouses': [json({ warehouses: [warehouse] })],
    });
    expect(await (await open(zoho.url)).warehouses(sweep)).toEqual([place]);
  });
});

describe('the list of items', () => {
  const first = { page: 1, activeOnly: true };
  const row = { item_id: ids[0], name: 'Bag', item_type: 'inventory', status: 'active' };

  it('is a page in the order of creation, and whether there is another', async () => {
    zoho = await zohoWithToken({
      [ITEMS]: [
        json({ items: [row], page_context: { page: 1, has_more_page: true } }),
        json({ items: [], page_context: { page: 2, has_more_page: false } }),
        json({ items: [] }),
      ],
    });
    const client = await open(zoho.url);
    expect(await client.listItems(first, sweep)).toEqual({
      asOf: '2026-01-07T10:30:00Z',
      items: [{ itemId: ids[0], name: 'Bag', status: 'active', tracksStock: true }],
      hasMore: true,
    });
    expect((await client.listItems({ page: 2, perPage: 50, activeOnly: false }, sweep)).hasMore).toBe(false);
    expect((await client.listItems({ page: 3, activeOnly: false }, sweep)).hasMore).toBe(false);
    const sorted = { sort_column: 'created_time', sort_order: 'A', organization_id: '10234695' };
    expect(zoho.to(ITEMS).map(({ query }) => Object.fromEntries(query))).toEqual([
      { page: '1', per_page: '200', filter_by: 'Status.Active', ...sorted },
      { page: '2', per_page: '50', ...sorted },
      { page: '3', per_page: '200', ...sorted },
    ]);
  });

  it('leaves out a row without id', async () => {
    zoho = await zohoWithToken({ [ITEMS]: [json({ items: [{ item_id: '' }, row] })] });
    const { items } = await (await open(zoho.url)).listItems(first, sweep);
    expect(items.map(({ itemId }) => itemId)).toEqual([ids[0]]);
  });

  it.each([
    { product: 'inventory', path: ITEMS, filter: '2026-01-07T10:00:00+0000' },
    { product: 'books', path: '/books/v3/items', filter: null },
  ] as const)(
    'of $product has only what was modified since, also where Zoho does not filter',
    async (given) => {
      const rows = ['2026-01-07T15:29:59+0530', '2026-01-07T15:30:00+0530', ''].map((time, index) => ({
        item_id: `${index}`,
        last_modified_time: time,
      }));
      zoho = await zohoWithToken({ [given.path]: [json({ items: rows })] });
      const client = await open(zoho.url, { product: given.product });
      const modifiedSince = instantFrom(Date.UTC(2026, 0, 7, 10));
      const { items } = await client.listItems({ ...first, modifiedSince }, sweep);
      expect(items.map(({ itemId }) => itemId)).toEqual(['1', '2']);
      expect(zoho.to(given.path)[0]?.query.get('last_modified_time')).toBe(given.filter);
    },
  );
});
