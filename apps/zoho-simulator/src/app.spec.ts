import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from './app.module';
import { isLoopback } from './control/loopback.guard';
import { FIRST_ITEM_ID } from './organisation/catalogue';
import { openSimulator, type Simulator } from './simulator';
import { quietDelivery } from './testing/simulation';

const ORG = 'organization_id=10234695';
const MAIN = '2646610000000077024';
let wall = Date.UTC(2025, 2, 1, 12, 0, 0);
let simulator: Simulator;
let app: NestExpressApplication;
let base: string;
let token: string;

beforeAll(async () => {
  simulator = openSimulator({ items: 450, seed: 1, delivery: quietDelivery }, () => wall);
  app = await createApp(simulator);
  await app.listen(0, '127.0.0.1');
  base = await app.getUrl();
  const form = 'grant_type=refresh_token&client_id=c&client_secret=s&refresh_token=r';
  const issued = await ask(`/oauth/v2/token?${form}`, { method: 'POST' });
  token = String(issued.body.access_token);
  expect(issued.body).toMatchObject({ expires_in: 3600, token_type: 'Bearer', api_domain: base });
});
afterAll(() => app.close());

const ask = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(base + path, init);
  const body = (await response.json()) as Record<string, unknown>;
  return { status: response.status, date: response.headers.get('date'), body };
};
const zoho = (path: string, bearer = token) =>
  ask(path, { headers: { authorization: `Zoho-oauthtoken ${bearer}` } });
const control = (path: string, body?: unknown) =>
  ask(`/control/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const idsOf = (body: Record<string, unknown>) =>
  (body.items as { item_id: string }[]).map((item) => item.item_id);

describe('REST', () => {
  it('pages through all items, at most 200 a page, without locations', async () => {
    const pages = await Promise.all(
      [1, 2, 3].map((page) => zoho(`/inventory/v1/items?${ORG}&page=${page}&per_page=500`)),
    );
    expect(pages.map(({ body }) => idsOf(body).length)).toEqual([200, 200, 50]);
    expect(pages.map(({ body }) => (body.page_context as { has_more_page: boolean }).has_more_page)).toEqual([
      true,
      true,
      false,
    ]);
    expect(new Set(pages.flatMap(({ body }) => idsOf(body))).size).toBe(450);
    expect(pages[0]?.body).toMatchObject({
      code: 0,
      message: 'success',
      items: expect.arrayContaining([
        expect.not.objectContaining({ locations: expect.anything() }),
        expect.objectContaining({ item_id: FIRST_ITEM_ID, sku: 'PROD-001' }),
      ]),
    });
  });

  it('gives full items with all three locations, from Books as well', async () => {
    const { body } = await zoho(`/books/v3/itemdetails?${ORG}&item_ids=${FIRST_ITEM_ID}`);
    const [item] = body.items as { locations: Record<string, unknown>[] }[];
    expect(item?.locations).toHaveLength(3);
    expect(item?.locations[0]).toEqual({
      location_id: MAIN,
      location_name: 'Main WareHouse',
      status: 'active',
      is_primary: true,
      location_stock_on_hand: 120,
      location_available_stock: 120,
      location_actual_available_stock: 120,
      location_committed_stock: 0,
      location_actual_committed_stock: 0,
      location_available_for_sale_stock: 120,
      location_actual_available_for_sale_stock: 120,
      location_quantity_in_transit: 0,
    });
  });

  it('fails the whole call with 404, code 1002, for one unknown id', async () => {
    const { status, body } = await zoho(
      `/inventory/v1/itemdetails?${ORG}&item_ids=${FIRST_ITEM_ID},2646610000000000001`,
    );
    expect([status, body.code]).toEqual([404, 1002]);
    expect((await zoho(`/inventory/v1/items/2646610000000000001?${ORG}`)).body.code).toBe(1002);
  });

  it('refuses without a token, with an old or forged one, and without the organisation', async () => {
    const path = `/inventory/v1/locations?${ORG}`;
    expect(await ask(path)).toMatchObject({ status: 401, body: { code: 14 } });
    expect(await zoho(path, `${token.slice(0, -1)}x`)).toMatchObject({ status: 401, body: { code: 14 } });
    expect(await zoho('/inventory/v1/locations')).toMatchObject({ status: 401, body: { code: 57 } });
    expect((await zoho(path)).status).toBe(200);
    wall += 3_600_000;
    expect(await zoho(path)).toMatchObject({ status: 401, body: { code: 14 } });
    wall -= 3_600_000;
  });

  it('refuses a token request without a refresh token in a 200', async () => {
    const answer = await ask('/oauth/v2/token', {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'refresh_token', client_id: 'c', client_secret: 's' }),
    });
    expect(answer).toMatchObject({ status: 200, body: { error: 'invalid_code' } });
  });

  it('dates its answers by its own clock, never before a document it holds', async () => {
    const first = await zoho(`/inventory/v1/organizations?${ORG}`);
    expect(Date.parse(first.date ?? '')).toBe(wall);
    const made = await control('invoices', { itemId: FIRST_ITEM_ID, quantity: 1 });
    const { invoice } = made.body.document as { invoice: Record<string, string> };
    const edited = await control(`invoices/${invoice.invoice_id}`, { quantity: 2 });
    expect(edited.body.document).toMatchObject({
      invoice: { created_time: '2025-03-01T17:30:00+0530', last_modified_time: '2025-03-01T17:30:01+0530' },
    });
    const later = await zoho(`/inventory/v1/organizations?${ORG}`);
    expect(Date.parse(later.date ?? '')).toBe(wall + 1000);
    await control(`invoices/${invoice.invoice_id}/delete`);
  });
});

describe('control', () => {
  it('books an invoice, shows it in truth, REST and document, and takes it back', async () => {
    const made = await control('invoices', { itemId: FIRST_ITEM_ID, quantity: 3 });
    const { invoice } = made.body.document as { invoice: Record<string, string> };
    expect(made.body.webhook).toMatchObject({ event: 'invoice.created', outcome: 'disabled' });
    expect((await ask(`/control/truth/${FIRST_ITEM_ID}`)).body.levels).toContainEqual(
      expect.objectContaining({ warehouseId: MAIN, onHand: 117, physicalOnHand: 120 }),
    );
    const shown = await ask(`/control/documents/invoice/${invoice.invoice_id}`);
    expect(shown.body).toEqual(made.body.document);
    await control(`invoices/${invoice.invoice_id}/void`);
    expect(await control(`invoices/${invoice.invoice_id}/void`)).toMatchObject({ status: 409 });
    await control(`invoices/${invoice.invoice_id}/delete`);
    expect(await control(`invoices/${invoice.invoice_id}/delete`)).toMatchObject({ status: 404 });
  });

  it('books random transactions, the same from the same seed', async () => {
    const report = await control('transactions', { count: 30, seed: 5, types: ['bill', 'salesorder'] });
    expect(report.body).toMatchObject({ booked: 30, delivered: 0, failed: 0 });
    const { bill = 0, salesorder = 0 } = report.body.byType as Record<string, number>;
    expect(bill + salesorder).toBe(30);
    expect(bill * salesorder).toBeGreaterThan(0);
  });

  it.each([
    ['invoices', { itemId: FIRST_ITEM_ID, quantity: 0 }],
    ['invoices', { itemId: FIRST_ITEM_ID, quantity: 0.0000001 }],
    ['invoices', { itemId: FIRST_ITEM_ID, quantity: 1, warehouse: MAIN }],
    ['invoices', { itemId: '1', quantity: 1 }],
    ['transactions', { count: 0 }],
    ['transactions', { count: 1, types: ['package'] }],
    ['delivery', { lose: 1.5 }],
    ['bookings', { action: 'toString', input: {} }],
    ['bookings', { action: 'bill.create', input: {} }],
    ['invoices', undefined],
  ])('answers 400 to %s %j', async (path, body) => {
    expect(await control(path, body)).toMatchObject({ status: 400, body: { error: 'bad_input' } });
  });

  it('knows loopback addresses from others', () => {
    expect(['127.0.0.1', '::1', '::ffff:127.0.0.1'].map(isLoopback)).toEqual([true, true, true]);
    expect(['10.0.0.1', '::ffff:10.0.0.1', '', '1127.0.0.1'].map(isLoopback)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
