import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ItemId, itemIdSchema } from '@tallystream/contracts';
import { openZohoClient, type ZohoClient } from './zoho-client';
import { ZohoError } from './zoho-error';

const DATE = 'Wed, 07 Jan 2026 10:30:00 GMT';
const ids = ['2646610000000109854', '2646610000000109861'].map((id) => itemIdSchema.parse(id));
const TOKEN = { access_token: '1000.fresh', expires_in: 3600, token_type: 'Bearer' };

type Call = Readonly<{
  method: string;
  path: string;
  query: URLSearchParams;
  authorization: string;
  body: string;
}>;
type Answer = Readonly<{ status?: number; body: string; date?: string | null }>;

/** A server that answers by path and remembers what it was asked. */
const zohoThat = async (answers: Readonly<Record<string, readonly Answer[]>>) => {
  const calls: Call[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '', 'http://zoho');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const before = calls.filter(({ path }) => path === url.pathname).length;
    calls.push({
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      authorization: request.headers.authorization ?? '',
      body: Buffer.concat(chunks).toString('utf8'),
    });
    const given = answers[url.pathname] ?? [];
    const { status = 200, body, date = DATE } = given[before] ?? given.at(-1) ?? { status: 500, body: '?' };
    response.sendDate = false;
    if (date !== null) response.setHeader('date', date);
    response.writeHead(status).end(body);
  };
  const listener: RequestListener = (request, response) => void answer(request, response);
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = (product: 'inventory' | 'books' = 'inventory'): ZohoClient =>
    openZohoClient({
      apiBaseUrl: url,
      product,
      organizationId: '10234695',
      credentials: {
        accountsUrl: url,
        clientId: '1000.ID',
        clientSecret: 'hush',
        refreshToken: '1000.again',
      },
    });
  const close = () => new Promise((resolve) => server.close(resolve).closeAllConnections());
  return { client, calls, to: (path: string) => calls.filter((call) => call.path === path), close };
};

let zoho: Awaited<ReturnType<typeof zohoThat>>;
afterEach(() => zoho.close());

const TOKEN_PATH = '/oauth/v2/token';
const DETAILS = '/inventory/v1/itemdetails';
const ITEMS = '/inventory/v1/items';
const json = (body: unknown, rest: Omit<Answer, 'body'> = {}): Answer => ({
  body: JSON.stringify(body),
  ...rest,
});
const withToken = (answers: Readonly<Record<string, readonly Answer[]>>) =>
  zohoThat({ [TOKEN_PATH]: [json(TOKEN)], ...answers });

const level = {
  location_id: '77',
  location_stock_on_hand: '5',
  location_committed_stock: 1,
  location_actual_available_stock: 6,
  location_actual_committed_stock: 0,
};
const details = json({ code: 0, message: 'success', items: [{ item_id: ids[0], locations: [level] }] });

const failure = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'it did not fail',
    (error: unknown) => error,
  );

describe('item details', () => {
  it("are the stock of the items and Zoho's own time", async () => {
    zoho = await withToken({ [DETAILS]: [details] });
    expect(await zoho.client().itemDetails(ids)).toEqual({
      asOf: '2026-01-07T10:30:00Z',
      items: [
        {
          itemId: ids[0],
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
    zoho = await withToken({ [DETAILS]: [details] });
    await zoho.client().itemDetails(ids);
    const [call] = zoho.to(DETAILS);
    expect(call).toMatchObject({ method: 'GET', authorization: 'Zoho-oauthtoken 1000.fresh' });
    expect(Object.fromEntries(call?.query ?? [])).toEqual({
      item_ids: '2646610000000109854,2646610000000109861',
      organization_id: '10234695',
    });
  });

  it('come from Books when that is the product', async () => {
    zoho = await withToken({ '/books/v3/itemdetails': [details] });
    await zoho.client('books').itemDetails(ids);
    expect(zoho.to('/books/v3/itemdetails')).toHaveLength(1);
  });

  it('keep an id that came without quotes', async () => {
    zoho = await withToken({ [DETAILS]: [{ body: '{"code":0,"items":[{"item_id":2646610000000109854}]}' }] });
    const { items } = await zoho.client().itemDetails(ids);
    expect(items).toEqual([{ itemId: '2646610000000109854', levels: [] }]);
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
    zoho = await withToken({ [DETAILS]: [answer] });
    const error = await failure(zoho.client().itemDetails(ids));
    expect(error).toBeInstanceOf(ZohoError);
    expect(error).toMatchObject({ status, code, message });
  });
});

describe('the access token', () => {
  it('is asked for once, however many calls there are', async () => {
    zoho = await withToken({ [DETAILS]: [details] });
    const client = zoho.client();
    await Promise.all([client.itemDetails(ids), client.itemDetails(ids), client.itemDetails(ids)]);
    await client.itemDetails(ids);
    expect(zoho.to(DETAILS)).toHaveLength(4);
    expect(zoho.to(TOKEN_PATH)).toHaveLength(1);
  });

  it('is asked for with the refresh token, in the body and not in the URL', async () => {
    zoho = await withToken({ [DETAILS]: [details] });
    await zoho.client().itemDetails(ids);
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
    const client = zoho.client();
    for (const _ of [1, 2, 3]) await client.itemDetails(ids);
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
      const error = await failure(zoho.client().itemDetails(ids));
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
    const client = zoho.client();
    expect(await failure(client.itemDetails(ids))).toBeInstanceOf(ZohoError);
    expect((await client.itemDetails(ids)).items).toHaveLength(1);
  });
});

describe('the inventory items', () => {
  const pagesOf = async (client: ZohoClient): Promise<readonly (readonly ItemId[])[]> => {
    const pages: (readonly ItemId[])[] = [];
    for await (const page of client.inventoryItems()) pages.push(page);
    return pages;
  };

  it('come page by page until there are no more', async () => {
    zoho = await withToken({
      [ITEMS]: [
        json({ items: [{ item_id: '1' }, { item_id: 2 }], page_context: { page: 1, has_more_page: true } }),
        json({ items: [{ item_id: '3' }], page_context: { page: 2, has_more_page: false } }),
      ],
    });
    expect(await pagesOf(zoho.client())).toEqual([['1', '2'], ['3']]);
    expect(zoho.to(ITEMS).map(({ query }) => Object.fromEntries(query))).toEqual(
      ['1', '2'].map((page) => ({
        page,
        per_page: '200',
        filter_by: 'Status.Active',
        organization_id: '10234695',
      })),
    );
  });

  it.each([
    { item: { item_id: '1', item_type: 'inventory' }, page: ['1'] },
    { item: { item_id: '1' }, page: ['1'] },
    { item: { item_id: '1', item_type: '' }, page: ['1'] },
    { item: { item_id: '1', item_type: 'sales' }, page: [] },
    { item: { item_id: '1', item_type: 'sales_and_purchases' }, page: [] },
    { item: { item_id: '' }, page: [] },
  ])('given the row $item, are $page', async ({ item, page }) => {
    zoho = await withToken({ [ITEMS]: [json({ items: [item] })] });
    expect(await pagesOf(zoho.client())).toEqual([page]);
  });

  it('end with the first page when Zoho does not say whether there is another', async () => {
    zoho = await withToken({ [ITEMS]: [json({ items: [] })] });
    expect(await pagesOf(zoho.client())).toEqual([[]]);
    expect(zoho.to(ITEMS)).toHaveLength(1);
  });

  it('fail in the middle when a page fails', async () => {
    zoho = await withToken({
      [ITEMS]: [
        json({ items: [{ item_id: '1' }], page_context: { has_more_page: true } }),
        json({ code: 45, message: 'quota used up' }, { status: 429 }),
      ],
    });
    expect(await failure(pagesOf(zoho.client()))).toMatchObject({ status: 429, code: 45 });
  });
});
