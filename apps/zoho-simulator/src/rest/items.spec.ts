import { FIRST_ITEM_ID } from '../organisation/catalogue';
import { type Running, startSimulator } from '../testing/running';

const MAIN = '2646610000000077024';
let running: Running;
beforeAll(async () => {
  running = await startSimulator({ items: 450, inactive: 20 });
});
afterAll(() => running.stop());

type Row = Record<string, string | number>;
type Context = { has_more_page: boolean };
const items = async (query: string, product = 'inventory/v1') => {
  const { body } = await running.zoho(`/${product}/items?${query}`);
  return { rows: body.items as Row[], context: body.page_context as Context };
};
const item = async (id: string) => (await running.zoho(`/inventory/v1/items/${id}`)).body.item as Row;
const made = async (fields: object) => {
  const { body } = await running.control('items', fields);
  return (body.document as { item: Row }).item;
};

describe('the list of items', () => {
  it('comes in pages of at most 200, each item once, without locations', async () => {
    const pages = await Promise.all([1, 2, 3].map((page) => items(`page=${page}&per_page=500`)));
    expect(pages.map(({ rows }) => rows.length)).toEqual([200, 200, 50]);
    expect(pages.map(({ context }) => context.has_more_page)).toEqual([true, true, false]);
    const rows = pages.flatMap((page) => page.rows);
    expect(new Set(rows.map((row) => row.item_id)).size).toBe(450);
    expect(rows).toContainEqual(expect.objectContaining({ item_id: FIRST_ITEM_ID, sku: 'PROD-001' }));
    expect(rows.some((row) => 'locations' in row)).toBe(false);
  });

  it('is in the order asked for, by name when not asked', async () => {
    const names = (await items('')).rows.map((row) => String(row.name));
    expect(names).toEqual([...names].sort());
    const newest = (await items('sort_column=created_time&sort_order=D&per_page=3')).rows;
    expect(newest.map((row) => row.sku)).toEqual(['SRV-450', 'PROD-449', 'PROD-448']);
  });

  it('knows active from inactive', async () => {
    const count = async (filter: string) =>
      (await Promise.all([1, 2, 3].map((page) => items(`page=${page}&filter_by=${filter}`)))).flatMap(
        ({ rows }) => rows,
      );
    const active = await count('Status.Active');
    expect(active).toHaveLength(430);
    expect(active.every((row) => row.status === 'active')).toBe(true);
    expect(await count('Status.Inactive')).toHaveLength(20);
  });

  it('filters by time of modification in Inventory, and in Books takes no notice of it', async () => {
    const since = 'last_modified_time=2024-01-15T17:20:00%2B0530';
    expect((await items(since)).rows.map((row) => row.sku).sort()).toEqual(
      Array.from({ length: 10 }, (_, index) => expect.stringMatching(new RegExp(`-${441 + index}$`))),
    );
    expect((await items(since, 'books/v3')).rows).toHaveLength(200);
  });

  it('ignores what it does not know, and refuses what it cannot read', async () => {
    expect((await items('colour=blue')).rows).toHaveLength(200);
    for (const query of ['page=0', 'filter_by=Status.Odd', 'sort_column=colour', 'last_modified_time=soon'])
      expect(await running.zoho(`/inventory/v1/items?${query}`)).toMatchObject({
        status: 400,
        body: { code: 2, message: `Invalid value passed for ${query.split('=')[0]}` },
      });
  });
});

describe('an item', () => {
  it('is full, with all three locations, from Books as well', async () => {
    const { body } = await running.zoho(`/books/v3/itemdetails?item_ids=${FIRST_ITEM_ID}`);
    const [full] = body.items as { locations: Row[] }[];
    expect(full?.locations).toHaveLength(3);
    expect(full?.locations[0]).toEqual({
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
    expect(full).toMatchObject({
      unit: expect.any(String),
      rate: expect.any(Number),
      purchase_rate: expect.any(Number),
      reorder_level: 5,
      image_name: 'item-1.png',
      custom_field_hash: { cf_arabic_name: 'مصباح مكتبي 1' },
      custom_fields: [expect.objectContaining({ api_name: 'cf_arabic_name', value: 'مصباح مكتبي 1' })],
    });
  });

  it('has an image, or has none', async () => {
    const headers = { authorization: `Zoho-oauthtoken ${running.token()}` };
    const image = (id: string) =>
      fetch(`${running.base}/inventory/v1/items/${id}/image?organization_id=10234695`, { headers });
    const shown = await image(FIRST_ITEM_ID);
    expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect((await image((await made({ name: 'Bare' })).item_id as string)).status).toBe(404);
  });

  it('fails a call for many, with 404 and code 1002, when it is not there', async () => {
    const dead = '2646610000000000001';
    const details = await running.zoho(`/inventory/v1/itemdetails?item_ids=${FIRST_ITEM_ID},${dead}`);
    expect(details).toMatchObject({ status: 404, body: { code: 1002 } });
    expect((await running.zoho(`/inventory/v1/items/${dead}`)).body.code).toBe(1002);
  });

  it('is made, changed, put aside and deleted by hand, each a new version', async () => {
    const { control, zoho, wall } = running;
    wall.now += 10_000;
    const { item_id, created_time } = await made({ name: 'New Kettle', rate: 12.5, arabicName: 'إبريق' });
    const id = String(item_id);
    expect(await item(id)).toMatchObject({
      name: 'New Kettle',
      rate: 12.5,
      stock_on_hand: 0,
      created_time,
      custom_field_hash: { cf_arabic_name: 'إبريق' },
    });
    const versions = [created_time];
    for (const [path, body] of [
      [`items/${id}`, { name: 'Old Kettle', reorderLevel: 7 }],
      [`items/${id}/deactivate`, undefined],
    ] as const) {
      expect((await control(path, body)).body.webhook).toMatchObject({ event: 'item.updated' });
      versions.push((await item(id)).last_modified_time as string);
    }
    expect(await item(id)).toMatchObject({ name: 'Old Kettle', reorder_level: 7, status: 'inactive' });
    expect(new Set(versions).size).toBe(3);
    expect([...versions].sort()).toEqual(versions);
    expect(await control('invoices', { itemId: id, quantity: 1 })).toMatchObject({ status: 400 });
    expect((await control(`items/${id}/delete`)).body.webhook).toMatchObject({ event: 'item.deleted' });
    expect(await zoho(`/inventory/v1/itemdetails?item_ids=${id}`)).toMatchObject({ status: 404 });
    expect(await control(`items/${id}/delete`)).toMatchObject({ status: 404 });
  });

  it('is not modified by stock that moves, with or without a document', async () => {
    const before = await item(FIRST_ITEM_ID);
    const { body } = await running.control('invoices', { itemId: FIRST_ITEM_ID, quantity: 2 });
    expect(body.webhook).toBeDefined();
    await running.control(`items/${FIRST_ITEM_ID}/shift`, { onHand: -300, physicalOnHand: 0.5 });
    const after = await item(FIRST_ITEM_ID);
    expect(after.stock_on_hand).toBe(Number(before.stock_on_hand) - 302);
    expect(after.actual_available_stock).toBe(Number(before.actual_available_stock) + 0.5);
    expect(after.last_modified_time).toBe(before.last_modified_time);
  });

  it('can be told of in older ways, and spoiled', async () => {
    const full = async () => (await item(FIRST_ITEM_ID)) as unknown as Record<string, Row[]>;
    await running.control('manners', { places: 'warehouses', numbers: 'strings' });
    expect((await full()).locations).toBeUndefined();
    expect((await full()).warehouses?.[1]).toMatchObject({
      warehouse_id: '2646610000000077025',
      warehouse_stock_on_hand: expect.stringMatching(/^\d+$/),
      warehouse_quantity_in_transit: '0',
    });
    await running.control('manners', { places: 'locations', numbers: 'numbers' });
    const spoil = (how: string) => running.control(`items/${FIRST_ITEM_ID}/spoil`, { how });
    await spoil('no_locations');
    expect(await full()).not.toHaveProperty('locations');
    await spoil('missing_location');
    expect((await full()).locations).toHaveLength(2);
    await spoil('unreadable_numbers');
    expect((await full()).locations?.[0]?.location_stock_on_hand).toBe('n/a');
    await spoil('not');
    expect((await full()).locations).toHaveLength(3);
  });
});
