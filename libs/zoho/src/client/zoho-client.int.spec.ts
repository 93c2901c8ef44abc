import { instantFrom, itemIdSchema } from '@tallystream/contracts';
import { replicas, sweep } from '../spec/replicas';
import {
  type Answer,
  DETAILS,
  ITEMS,
  json,
  TOKEN,
  TOKEN_PATH,
  type ZohoServer,
  zohoThat,
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

  const gone = { code: 1002, message: 'Resource does not exist' };
  it.each<{ what: string; answer: Answer; status: number; code: number | undefined; message: string }>([
    {
      what: 'a dead id',
      answer: json(gone, { status: 404 }),
      status: 404,
      code: 1002,
      message: 'Zoho answered 404 (code 1002): Resource does not exist',
    },
    {
      what: 'too many calls',
      answer: json({ code: 44, message: 'blocked for a while' }, { status: 429 }),
      status: 429,
      code: 44,
      message: 'Zoho answered 429 (code 44): blocked for a while',
    },
    {
      what: 'an error without code',
      answer: json({ error: 'oops' }, { status: 500 }),
      status: 500,
      code: undefined,
      message: 'Zoho answered 500: no message',
    },
    {
      what: 'a page for people',
      answer: { status: 503, body: '<html>Maintenance</html>' },
      status: 503,
      code: undefined,
      message: 'Zoho answered 503: the answer is not JSON',
    },
    {
      what: 'broken JSON with status 200',
      answer: { body: '{"code":0,"items":[' },
      status: 200,
      code: undefined,
      message: 'Zoho answered 200: the answer is not JSON',
    },
    {
      what: 'a JSON list',
      answer: { body: '[]' },
      status: 200,
      code: undefined,
      message: 'Zoho answered 200: the answer is not JSON',
    },
    {
      what: 'no Date header',
      answer: { ...details, date: null },
      status: 200,
      code: undefined,
      message: 'Zoho answered 200: the answer has no Date header',
    },
    {
      what: 'a Date header that is none',
      answer: { ...details, date: 'some day' },
      status: 200,
      code: undefined,
      message: 'Zoho answered 200: the answer has no Date header',
    },
  ])('given $what, fail with a ZohoError', async ({ answer, status, code, message }) => {
    zoho = await zohoWithToken({ [DETAILS]: [answer] });
    const error = await failure((await open(zoho.url)).itemDetails(ids, sweep));
    expect(error).toBeInstanceOf(ZohoError);
    expect(error).toMatchObject({ status, code, message });
  });
});

describe('the access token', () => {
  it('is asked for once, however many calls there are', async () => {
    zoho = await zohoWithToken({ [DETAILS]: [details] });
    const client = await open(zoho.url);
    await Promise.all([
      client.itemDetails(ids, sweep),
      client.itemDetails(ids, sweep),
      client.itemDetails(ids, sweep),
    ]);
    await client.itemDetails(ids, sweep);
    expect(zoho.to(DETAILS)).toHaveLength(4);
    expect(zoho.to(TOKEN_PATH)).toHaveLength(1);
  });

  it('is asked for with the refresh token, in the body and not in the URL', async () => {
    zoho = await zohoWithToken({ [DETAILS]: [details] });
    await (await open(zoho.url)).itemDetails(ids, sweep);
    const [call] = zoho.to(TOKEN_PATH);
    expect(call?.method).toBe('POST');
    expect([...(call?.query ?? [])]).toEqual([]);
    expect(Object.fromEntries(new URLSearchParams(call?.body))).toEqual({
      grant_type: 'refresh_token',
      client_id: '1000.ID',
      client_secret: 'hush',
      refresh_token: '1000.again',
    });
  });

  it('is asked for again when it is about to end', async () => {
    const aboutToEnd = json({ ...TOKEN, access_token: '1000.old', expires_in: 300 });
    zoho = await zohoThat({ [TOKEN_PATH]: [aboutToEnd, json(TOKEN)], [DETAILS]: [details] });
    const client = await open(zoho.url);
    for (const _ of [1, 2, 3]) await client.itemDetails(ids, sweep);
    expect(zoho.to(DETAILS).map(({ authorization }) => authorization)).toEqual([
      'Zoho-oauthtoken 1000.old',
      'Zoho-oauthtoken 1000.fresh',
      'Zoho-oauthtoken 1000.fresh',
    ]);
  });

  it.each<{ what: string; answer: Answer; status: number; says: string }>([
    {
      what: 'a wrong code, said with 200',
      answer: json({ error: 'invalid_code' }),
      status: 200,
      says: 'invalid_code',
    },
    {
      what: 'too many requests',
      answer: json({ error: 'Access Denied' }, { status: 400 }),
      status: 400,
      says: 'Access Denied',
    },
    {
      what: 'a token without end',
      answer: json({ access_token: '1000.fresh' }),
      status: 200,
      says: 'the answer says no more',
    },
    {
      what: 'a page for people',
      answer: { status: 502, body: '<html>Bad gateway</html>' },
      status: 502,
      says: 'the answer says no more',
    },
    { what: 'nothing', answer: { status: 200, body: '' }, status: 200, says: 'the answer says no more' },
  ])(
    'given $what instead, fails the call with a ZohoError and without a secret',
    async ({ answer, status, says }) => {
      zoho = await zohoThat({ [TOKEN_PATH]: [answer], [DETAILS]: [details] });
      const error = await failure((await open(zoho.url)).itemDetails(ids, sweep));
      expect(error).toBeInstanceOf(ZohoError);
      expect(error).toMatchObject({
        status,
        message: `Zoho answered ${status}: no access token was given: ${says}`,
      });
      expect(String(error)).not.toMatch(/hush|1000\.again/);
      expect(zoho.to(DETAILS)).toHaveLength(0);
    },
  );

  it('is tried for again after a failure', async () => {
    zoho = await zohoThat({
      [TOKEN_PATH]: [json({ error: 'Access Denied' }), json(TOKEN)],
      [DETAILS]: [details],
    });
    const client = await open(zoho.url);
    expect(await failure(client.itemDetails(ids, sweep))).toBeInstanceOf(ZohoError);
    expect((await client.itemDetails(ids, sweep)).items).toHaveLength(1);
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
