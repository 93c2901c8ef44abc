import { instantSchema, warehouseIdSchema } from '@tallystream/contracts';
import fc from 'fast-check';
import { isJsonObject, type ParsedWebhook, parseWebhook, sniffRootKey } from './webhook';

const RECEIVED = instantSchema.parse('2026-01-07T10:31:05Z');
const JSON_TYPE = 'application/json;charset=UTF-8';
const FORM_TYPE = 'application/x-www-form-urlencoded;charset=UTF-8';
const MAIN = '2646610000000077024';
const BRANCH = '2646610000000077999';
const PEN = '2646610000000109854';
const INK = '2646610000000109861';

type Json = Record<string, unknown>;
type Given = Readonly<{ event?: string; contentType?: string; defaultWarehouse?: string }>;

const parseText = (body: string, { event = 'updated', contentType, defaultWarehouse }: Given = {}) =>
  parseWebhook(
    {
      body: new TextEncoder().encode(body),
      contentType: contentType ?? JSON_TYPE,
      event,
      receivedAt: RECEIVED,
    },
    defaultWarehouse ? { defaultWarehouse: warehouseIdSchema.parse(defaultWarehouse) } : {},
  );

const parse = (body: unknown, given: Given = {}) => parseText(JSON.stringify(body), given);

/** The document, or in words what became of it. */
const documentOf = (parsed: ParsedWebhook): unknown => {
  if (parsed.kind === 'document') return parsed.document;
  return parsed.kind === 'ignored'
    ? `ignored ${parsed.entity}`
    : `${parsed.error.reason} ${parsed.error.message}`;
};

const linesOf = (parsed: ParsedWebhook): unknown =>
  parsed.kind === 'document' ? parsed.document.lines : documentOf(parsed);

/** A webhook's default payload, as full of other things as Zoho's is. */
const invoice = (change: Json = {}): Json => ({
  invoice_id: '2646610000012345678',
  invoice_number: 'INV-000123',
  status: 'sent',
  status_formatted: 'مرسلة',
  date: '2026-01-07',
  customer_name: 'شركة النور للتجارة',
  contact_persons_associated: [{ first_name: 'Layla', contact_person_email: 'layla@example.com' }],
  location_id: BRANCH,
  location_name: 'Head Office',
  created_time: '2026-01-07T13:29:58+0300',
  last_modified_time: '2026-01-07T13:31:02+0300',
  reference_number: ' ',
  total: 250,
  total_formatted: '250.00',
  line_items: [line()],
  ...change,
});

const line = (change: Json = {}): Json => ({
  line_item_id: '2646610000012345680',
  item_id: PEN,
  name: 'قلم حبر أزرق',
  sku: 'PEN-01',
  item_type: 'inventory',
  product_type: 'goods',
  warehouse_id: MAIN,
  warehouse_name: 'Main WareHouse',
  quantity: 3,
  rate: 2.5,
  ...change,
});

const bill = (change: Json = {}): Json => ({
  bill_id: '2646610000022345678',
  bill_number: 'BILL-77',
  status: 'Partially Paid',
  created_time: '2026-01-05T09:00:00+0300',
  last_modified_time: '2026-01-07T13:31:02+0300',
  line_items: [line({ quantity: '10.25' })],
  ...change,
});

const salesorder = (change: Json = {}): Json => ({
  salesorder_id: '2646610000032345678',
  salesorder_number: 'SO-9',
  status: 'confirmed',
  created_time: '2026-01-05T09:00:00+0300',
  last_modified_time: '2026-01-07T13:31:02+0300',
  line_items: [
    line({
      quantity: 10,
      quantity_packed: 6,
      quantity_shipped: '2',
      quantity_delivered: 1,
      quantity_invoiced: 4,
      quantity_invoiced_cancelled: 9,
      quantity_cancelled: 1,
      quantity_returned: 9,
      quantity_backordered: 9,
      quantity_dropshipped: '',
      quantity_manuallyfulfilled: 0.5,
    }),
  ],
  ...change,
});

const adjustment = (change: Json = {}): Json => ({
  inventory_adjustment_id: '2646610000042345678',
  reference_number: 'ADJ-4',
  adjustment_type: 'quantity',
  reason: 'Damaged goods',
  created_time: '2026-01-07T13:31:02+0300',
  last_modified_time: '2026-01-07T13:31:02+0300',
  line_items: [line({ quantity: undefined, quantity_adjusted: -2 })],
  ...change,
});

const pen = { itemId: PEN, warehouseId: MAIN, sku: 'PEN-01' };
const created = '2026-01-05T06:00:00Z';
const modified = '2026-01-07T10:31:02Z';

describe("a document's default payload", () => {
  it.each<{ what: string; body: Json; document: Json }>([
    {
      what: 'an invoice',
      body: { invoice: invoice() },
      document: {
        type: 'invoice',
        id: '2646610000012345678',
        number: 'INV-000123',
        status: 'sent',
        createdAt: '2026-01-07T10:29:58Z',
        modifiedAt: modified,
        deleted: false,
        lines: [{ ...pen, quantity: 3 }],
      },
    },
    {
      what: 'a bill',
      body: { bill: bill() },
      document: {
        type: 'bill',
        id: '2646610000022345678',
        number: 'BILL-77',
        status: 'partially_paid',
        createdAt: created,
        modifiedAt: modified,
        deleted: false,
        lines: [{ ...pen, quantity: 10.25 }],
      },
    },
    {
      what: 'a sales order',
      body: { salesorder: salesorder() },
      document: {
        type: 'salesorder',
        id: '2646610000032345678',
        number: 'SO-9',
        status: 'confirmed',
        createdAt: created,
        modifiedAt: modified,
        deleted: false,
        lines: [
          {
            ...pen,
            quantity: 10,
            invoiced: 4,
            cancelled: 1,
            shipped: 2,
            manuallyFulfilled: 0.5,
            dropshipped: 0,
          },
        ],
      },
    },
    {
      what: 'an adjustment, which has no status',
      body: { inventory_adjustment: adjustment() },
      document: {
        type: 'inventory_adjustment',
        id: '2646610000042345678',
        number: 'ADJ-4',
        status: 'adjusted',
        createdAt: modified,
        modifiedAt: modified,
        deleted: false,
        lines: [{ ...pen, quantity: -2 }],
      },
    },
    {
      what: 'an adjustment with a status',
      body: { inventory_adjustment: adjustment({ status: 'draft', adjustment_type: 'Quantity' }) },
      document: {
        type: 'inventory_adjustment',
        id: '2646610000042345678',
        number: 'ADJ-4',
        status: 'draft',
        createdAt: modified,
        modifiedAt: modified,
        deleted: false,
        lines: [{ ...pen, quantity: -2 }],
      },
    },
    {
      what: 'an adjustment of the value alone',
      body: {
        inventory_adjustment: adjustment({
          adjustment_type: 'value',
          line_items: [line({ quantity: undefined, value_adjusted: 15 })],
        }),
      },
      document: {
        type: 'inventory_adjustment',
        id: '2646610000042345678',
        number: 'ADJ-4',
        status: 'adjusted',
        createdAt: modified,
        modifiedAt: modified,
        deleted: false,
        lines: [],
      },
    },
  ])('of $what is read', ({ body, document }) => {
    expect(documentOf(parse(body))).toEqual(document);
  });

  it('is the same whether ids are text, numbers, or 19 digits without quotes', () => {
    const quoted = JSON.stringify({ invoice: invoice() });
    const bare = quoted.replaceAll(/"(\d{19})"/g, '$1');
    expect(bare).toContain(`"item_id":${PEN},`);
    expect(documentOf(parseText(bare))).toEqual(documentOf(parseText(quoted)));

    const short = {
      invoice_id: 982000000567114,
      line_items: [line({ item_id: 982000000030049, warehouse_id: 77 })],
    };
    expect(documentOf(parse({ invoice: invoice(short) }))).toMatchObject({
      id: '982000000567114',
      lines: [{ itemId: '982000000030049', warehouseId: '77' }],
    });
  });

  it('is the same as JSON body and as form field JSONString', () => {
    const json = JSON.stringify({ invoice: invoice() });
    const form = new URLSearchParams({ organization: 'النور', JSONString: json }).toString();
    expect(documentOf(parseText(form, { contentType: FORM_TYPE }))).toEqual(documentOf(parseText(json)));
  });

  it.each([
    { what: 'one line', count: 1 },
    { what: '500 lines', count: 500 },
  ])('with $what has them all, in order', ({ count }) => {
    const line_items = Array.from({ length: count }, (_, index) =>
      line({ item_id: `i${index}`, quantity: index }),
    );
    const lines = linesOf(parse({ bill: bill({ line_items }) }));
    expect(lines).toEqual(line_items.map(({ item_id, quantity }) => ({ ...pen, itemId: item_id, quantity })));
  });

  it.each([
    { what: 'a blank number', change: { invoice_number: ' ' } },
    { what: 'no number', change: { invoice_number: undefined } },
  ])('with $what has none', ({ change }) => {
    expect(documentOf(parse({ invoice: invoice(change) }))).not.toHaveProperty('number');
  });

  it.each(['شركة النور', 'فاتورة ١٢٣'])('keeps the number "%s" as it is written', (number) => {
    expect(documentOf(parse({ invoice: invoice({ invoice_number: number }) }))).toMatchObject({ number });
  });
});

describe('when a document was made and changed', () => {
  it.each<{ what: string; event: string; change: Json; times: Json }>([
    {
      what: 'another zone',
      event: 'updated',
      change: { last_modified_time: '2026-01-07T02:31:02-0800' },
      times: { modifiedAt: modified },
    },
    {
      what: 'a space in the time',
      event: 'updated',
      change: { last_modified_time: '2026-01-07 10:31:02+00:00' },
      times: { modifiedAt: modified },
    },
    {
      what: 'only the day of the change',
      event: 'updated',
      change: { last_modified_time: '2026-01-07' },
      times: { modifiedAt: '2026-01-06T10:00:00Z', modifiedUntil: '2026-01-08T12:00:00Z' },
    },
    {
      what: 'only the day of the creation, its earliest moment',
      event: 'updated',
      change: { created_time: '2026-01-05' },
      times: { createdAt: '2026-01-04T10:00:00Z', modifiedAt: modified },
    },
    {
      what: 'no creation time, and it was just created',
      event: 'created',
      change: { created_time: undefined },
      times: { createdAt: modified, modifiedAt: modified },
    },
    {
      what: 'a creation time, and it was just created',
      event: 'create',
      change: { created_time: '2026-01-05T09:00:00+0300' },
      times: { createdAt: created, modifiedAt: modified },
    },
    {
      what: 'no time at all, and it was deleted',
      event: 'deleted',
      change: { created_time: '', last_modified_time: '' },
      times: { modifiedAt: RECEIVED, deleted: true },
    },
    {
      what: 'a time, and it was deleted',
      event: 'delete',
      change: {},
      times: { modifiedAt: modified, deleted: true },
    },
  ])('given $what', ({ event, change, times }) => {
    expect(documentOf(parse({ invoice: invoice(change) }, { event }))).toMatchObject({
      deleted: false,
      ...times,
    });
  });

  it('given no creation time, and it was changed: nobody knows when it was made', () => {
    const parsed = documentOf(parse({ invoice: invoice({ created_time: undefined }) }));
    expect(parsed).not.toHaveProperty('createdAt');
  });

  it.each<{ what: string; change: Json; fault: string }>([
    {
      what: 'no time of the change',
      change: { last_modified_time: undefined },
      fault: 'missing_field invoice.last_modified_time: is missing',
    },
    {
      what: 'a time that is none',
      change: { last_modified_time: 'a moment ago' },
      fault: 'bad_field invoice.last_modified_time: is not a time',
    },
    {
      what: 'a creation time that is none',
      change: { created_time: '31/31/2026' },
      fault: 'bad_field invoice.created_time: is not a time',
    },
  ])('given $what, it is unreadable', ({ change, fault }) => {
    expect(documentOf(parse({ invoice: invoice(change) }))).toBe(fault);
  });
});

describe('a deletion', () => {
  it.each([
    { root: 'invoice', body: { invoice_id: '55' } },
    { root: 'bill', body: { bill_id: '55' } },
    { root: 'salesorder', body: { salesorder_id: 55 } },
    { root: 'inventory_adjustment', body: { inventory_adjustment_id: '55' } },
  ])('may name the $root and nothing else', ({ root, body }) => {
    expect(documentOf(parse({ [root]: body }, { event: 'deleted' }))).toEqual({
      type: root,
      id: '55',
      status: root === 'inventory_adjustment' ? 'adjusted' : 'deleted',
      modifiedAt: RECEIVED,
      deleted: true,
      lines: [],
    });
  });

  it('keeps the lines that it has, for they name what to look at', () => {
    expect(documentOf(parse({ invoice: invoice() }, { event: 'deleted' }))).toMatchObject({
      status: 'sent',
      deleted: true,
      lines: [{ ...pen, quantity: 3 }],
    });
  });
});

describe('where the stock of a line moves', () => {
  const NOWHERE = 'missing_field bill.line_items[0].warehouse_id: is missing, and no default is set';
  it.each<{ what: string; header: Json; own: Json; defaultWarehouse?: string; at: string }>([
    {
      what: 'a warehouse of its own, another in the header',
      header: { location_id: BRANCH, warehouse_id: BRANCH },
      own: { warehouse_id: '1' },
      defaultWarehouse: '9',
      at: '1',
    },
    {
      what: 'a location of its own, a warehouse in the header',
      header: { warehouse_id: BRANCH },
      own: { location_id: '2' },
      at: '2',
    },
    {
      what: 'warehouse and location of its own',
      header: {},
      own: { warehouse_id: '1', location_id: '2' },
      at: '1',
    },
    {
      what: 'a blank warehouse and a location',
      header: {},
      own: { warehouse_id: '', location_id: 2 },
      at: '2',
    },
    {
      what: 'a location in the header',
      header: { location_id: '3' },
      own: {},
      defaultWarehouse: '9',
      at: '3',
    },
    { what: 'both in the header', header: { location_id: '3', warehouse_id: '4' }, own: {}, at: '4' },
    {
      what: 'blanks everywhere',
      header: { location_id: ' ' },
      own: { warehouse_id: '' },
      defaultWarehouse: '9',
      at: '9',
    },
    { what: 'nothing but the default', header: {}, own: {}, defaultWarehouse: '9', at: '9' },
    {
      what: 'a branch, which is no warehouse',
      header: { branch_id: '3' },
      own: {},
      defaultWarehouse: '9',
      at: '9',
    },
  ])('given $what: $at', ({ header, own, defaultWarehouse, at }) => {
    const line_items = [line({ warehouse_id: undefined, ...own })];
    const given = defaultWarehouse ? { defaultWarehouse } : {};
    expect(linesOf(parse({ bill: bill({ ...header, line_items }) }, given))).toMatchObject([
      { warehouseId: at },
    ]);
  });

  it('given nothing at all, the document is unreadable', () => {
    expect(linesOf(parse({ bill: bill({ line_items: [line({ warehouse_id: '' })] }) }))).toBe(NOWHERE);
  });

  it('does not matter for a line that counts for nothing', () => {
    const line_items = [line({ warehouse_id: '', item_type: 'sales' })];
    expect(linesOf(parse({ bill: bill({ line_items }) }))).toEqual([]);
  });

  it.each(['a.b', 1.5, true])('given %p for a warehouse, the document is unreadable', (warehouse_id) => {
    expect(linesOf(parse({ bill: bill({ line_items: [line({ warehouse_id })] }) }))).toBe(
      'bad_field bill.line_items[0].warehouse_id: is not an id',
    );
  });
});

describe('a line counts', () => {
  it.each<{ what: string; change: Json; counts: boolean }>([
    { what: 'an inventory item', change: {}, counts: true },
    {
      what: 'an item whose type is not said',
      change: { item_type: undefined, product_type: '' },
      counts: true,
    },
    { what: 'a tracked item', change: { track_inventory: true }, counts: true },
    { what: 'a quantity of 0', change: { quantity: 0 }, counts: true },
    { what: 'an item that is only sold', change: { item_type: 'sales' }, counts: false },
    { what: 'an item that is not kept', change: { item_type: 'sales_and_purchases' }, counts: false },
    { what: 'a service', change: { product_type: 'service' }, counts: false },
    { what: 'an untracked item', change: { track_inventory: false }, counts: false },
    { what: 'an item untracked in words', change: { track_inventory: 'false' }, counts: false },
    { what: 'a line of text', change: { item_id: undefined }, counts: false },
    { what: 'a line with a blank item', change: { item_id: '' }, counts: false },
    { what: 'a service without quantity', change: { product_type: 'service', quantity: '' }, counts: false },
  ])('given $what: $counts', ({ change, counts }) => {
    const lines = linesOf(
      parse({ invoice: invoice({ line_items: [line(change), line({ item_id: INK })] }) }),
    );
    expect(lines).toMatchObject(counts ? [{ itemId: PEN }, { itemId: INK }] : [{ itemId: INK }]);
    expect(lines).toHaveLength(counts ? 2 : 1);
  });

  it.each([
    { what: 'an empty list', line_items: [] },
    { what: 'services only', line_items: [line({ product_type: 'service' })] },
  ])('given $what, the document is read and moves nothing', ({ line_items }) => {
    expect(linesOf(parse({ invoice: invoice({ line_items }) }))).toEqual([]);
  });

  const part = (change: Json = {}): Json => ({ item_id: INK, quantity: 2, ...change });
  it.each<{ what: string; kit: Json; lines: unknown }>([
    {
      what: 'a kit, with the warehouse of its line',
      kit: { mapped_items: [part(), part({ item_id: 'cap', sku: 'CAP', quantity: '4' })] },
      lines: [
        { itemId: INK, warehouseId: MAIN, quantity: 2 },
        { itemId: 'cap', warehouseId: MAIN, sku: 'CAP', quantity: 4 },
      ],
    },
    {
      what: 'a kit whose part lies elsewhere',
      kit: { mapped_items: [part({ warehouse_id: '5' }), part({ location_id: '6' })] },
      lines: [
        { itemId: INK, warehouseId: '5', quantity: 2 },
        { itemId: INK, warehouseId: '6', quantity: 2 },
      ],
    },
    {
      what: 'a kit in a kit',
      kit: {
        mapped_items: [
          part({ item_id: 'box', warehouse_id: '5', mapped_items: [part(), part({ location_id: '6' })] }),
          part({ item_id: 'cap' }),
        ],
      },
      lines: [
        { itemId: INK, warehouseId: '5', quantity: 2 },
        { itemId: INK, warehouseId: '6', quantity: 2 },
        { itemId: 'cap', warehouseId: MAIN, quantity: 2 },
      ],
    },
    {
      what: 'a kit with a service in it',
      kit: { mapped_items: [part({ product_type: 'service', quantity: '' }), part()] },
      lines: [{ itemId: INK, warehouseId: MAIN, quantity: 2 }],
    },
    {
      what: 'a kit without an item of its own',
      kit: { item_id: '', mapped_items: [part()] },
      lines: [{ itemId: INK, warehouseId: MAIN, quantity: 2 }],
    },
    { what: 'a list of parts that is empty', kit: { mapped_items: [] }, lines: [{ ...pen, quantity: 3 }] },
    { what: 'a blank instead of parts', kit: { mapped_items: ' ' }, lines: [{ ...pen, quantity: 3 }] },
    {
      what: 'a part that cannot be read',
      kit: { mapped_items: [part(), part({ mapped_items: [part({ quantity: 'two' })] })] },
      lines: 'bad_field invoice.line_items[0].mapped_items[1].mapped_items[0].quantity: is not a quantity',
    },
    {
      what: 'parts that are no list',
      kit: { mapped_items: { item_id: INK } },
      lines: 'bad_field invoice.line_items[0].mapped_items: is not a list',
    },
  ])('through its parts, given $what', ({ kit, lines }) => {
    expect(linesOf(parse({ invoice: invoice({ line_items: [line(kit)] }) }))).toEqual(lines);
  });

  it('given kits in kits without end, the document is unreadable, and nothing breaks', () => {
    const depth = 20_000;
    const nested = `${'{"mapped_items":['.repeat(depth)}${']}'.repeat(depth)}`;
    const body = JSON.stringify({ invoice: invoice({ line_items: ['@'] }) }).replace('"@"', nested);
    expect(linesOf(parseText(body))).toMatch(/^bad_field .*mapped_items: is nested too deep$/);
  });
});

describe('a quantity that should count', () => {
  it.each([
    { written: '', fault: 'missing_field invoice.line_items[1].quantity: is missing' },
    { written: undefined, fault: 'missing_field invoice.line_items[1].quantity: is missing' },
    { written: null, fault: 'missing_field invoice.line_items[1].quantity: is missing' },
    { written: 'NaN', fault: 'bad_field invoice.line_items[1].quantity: is not a quantity' },
    { written: '1e3', fault: 'bad_field invoice.line_items[1].quantity: is not a quantity' },
    { written: 'three', fault: 'bad_field invoice.line_items[1].quantity: is not a quantity' },
    { written: 1e12, fault: 'bad_field invoice.line_items[1].quantity: is not a quantity' },
    { written: [3], fault: 'bad_field invoice.line_items[1].quantity: is not a quantity' },
    { written: -1, fault: 'bad_field invoice.line_items[1].quantity: is negative' },
    { written: '-0.5', fault: 'bad_field invoice.line_items[1].quantity: is negative' },
  ])('given $written, fails the whole document', ({ written, fault }) => {
    const line_items = [line(), line({ quantity: written })];
    expect(linesOf(parse({ invoice: invoice({ line_items }) }))).toBe(fault);
  });

  it.each([
    { written: '2.5', quantity: 2.5 },
    { written: '-2.5', quantity: -2.5 },
    { written: 0, quantity: 0 },
    { written: 1e3, quantity: 1000 },
  ])('given $written adjusted, is $quantity: an adjustment has a sign', ({ written, quantity }) => {
    const line_items = [line({ quantity_adjusted: written, quantity: 99 })];
    expect(linesOf(parse({ inventory_adjustment: adjustment({ line_items }) }))).toMatchObject([
      { quantity },
    ]);
  });

  it.each([
    'quantity_invoiced',
    'quantity_cancelled',
    'quantity_shipped',
    'quantity_manuallyfulfilled',
    'quantity_dropshipped',
  ])('given a bad counter %s, fails the whole order', (counter) => {
    const order = (value: unknown) =>
      parse({ salesorder: salesorder({ line_items: [line({ [counter]: value })] }) });
    expect(linesOf(order('some'))).toBe(`bad_field salesorder.line_items[0].${counter}: is not a quantity`);
    expect(linesOf(order(-1))).toBe(`bad_field salesorder.line_items[0].${counter}: is negative`);
    for (const nothing of ['', ' ', null, undefined, 0, '0'])
      expect(linesOf(order(nothing))).toMatchObject([{ quantity: 3, invoiced: 0, cancelled: 0, shipped: 0 }]);
  });
});

describe('a document that cannot be read', () => {
  const NO_LINES = 'line_items: is missing';
  it.each<{ what: string; body: Json; fault: string }>([
    {
      what: 'no id',
      body: { invoice: invoice({ invoice_id: undefined }) },
      fault: 'bad_field invoice.invoice_id: is missing or not an id',
    },
    {
      what: 'a blank id',
      body: { bill: bill({ bill_id: ' ' }) },
      fault: 'bad_field bill.bill_id: is missing or not an id',
    },
    {
      what: 'an id with a dot',
      body: { invoice: invoice({ invoice_id: 'a.b' }) },
      fault: 'bad_field invoice.invoice_id: is missing or not an id',
    },
    {
      what: 'no status',
      body: { invoice: invoice({ status: undefined }) },
      fault: 'missing_field invoice.status: is missing',
    },
    {
      what: 'a blank status',
      body: { salesorder: salesorder({ status: '' }) },
      fault: 'missing_field salesorder.status: is missing',
    },
    {
      what: 'an item id that is none',
      body: { invoice: invoice({ line_items: [line({ item_id: 'a b' })] }) },
      fault: 'bad_field invoice.line_items[0].item_id: is not an id',
    },
    {
      what: 'lines that are no list',
      body: { invoice: invoice({ line_items: 'many' }) },
      fault: 'bad_field invoice.line_items: is not a list',
    },
    {
      what: 'a line that is no object',
      body: { invoice: invoice({ line_items: [line(), 7] }) },
      fault: 'bad_field invoice.line_items[1]: is not an object',
    },
    {
      what: 'no lines, which must not undo the invoice',
      body: { invoice: invoice({ line_items: undefined }) },
      fault: `missing_field invoice.${NO_LINES}`,
    },
    {
      what: 'no lines, which must not undo the bill',
      body: { bill: bill({ line_items: undefined }) },
      fault: `missing_field bill.${NO_LINES}`,
    },
    {
      what: 'no lines, which must not undo the order',
      body: { salesorder: salesorder({ line_items: undefined }) },
      fault: `missing_field salesorder.${NO_LINES}`,
    },
    {
      what: 'no lines, which must not undo the adjustment',
      body: { inventory_adjustment: adjustment({ line_items: undefined }) },
      fault: `missing_field inventory_adjustment.${NO_LINES}`,
    },
    {
      what: 'no adjustment type',
      body: { inventory_adjustment: adjustment({ adjustment_type: '' }) },
      fault: 'bad_field inventory_adjustment.adjustment_type: is neither quantity nor value',
    },
    {
      what: 'another adjustment type',
      body: { inventory_adjustment: adjustment({ adjustment_type: 'count' }) },
      fault: 'bad_field inventory_adjustment.adjustment_type: is neither quantity nor value',
    },
    {
      what: 'no adjusted quantity',
      body: { inventory_adjustment: adjustment({ line_items: [line()] }) },
      fault: 'missing_field inventory_adjustment.line_items[0].quantity_adjusted: is missing',
    },
  ])('given $what, says which field', ({ body, fault }) => {
    expect(documentOf(parse(body))).toBe(fault);
  });

  const NO_JSON = 'not_json the body is not JSON';
  const NO_OBJECT = 'not_json the body is not a JSON object';
  const NO_ROOT = 'missing_field the body has no document under a root key';
  it.each([
    { what: 'nothing', body: '', fault: NO_JSON },
    { what: 'spaces', body: ' \n', fault: NO_JSON },
    { what: 'text', body: 'invoice=55', fault: NO_JSON },
    { what: 'broken JSON', body: '{"invoice":{"invoice_id":"55"', fault: NO_JSON },
    {
      what: 'broken JSON with a long id',
      body: '{"invoice":{"invoice_id":2646610000012345678',
      fault: NO_JSON,
    },
    { what: 'XML', body: '<invoice/>', fault: NO_JSON },
    { what: 'a list', body: '[{"invoice":{}}]', fault: NO_OBJECT },
    { what: 'text in JSON', body: '"invoice"', fault: NO_OBJECT },
    { what: 'a number', body: '5', fault: NO_OBJECT },
    { what: 'null', body: 'null', fault: NO_OBJECT },
    { what: 'an empty object', body: '{}', fault: NO_ROOT },
    { what: 'no object in it', body: '{"code":0,"invoice":"55","bill":null,"rows":[{}]}', fault: NO_ROOT },
  ])('given $what, says so', ({ body, fault }) => {
    expect(documentOf(parseText(body))).toBe(fault);
  });

  it.each([
    { what: 'no field JSONString', form: 'a=1&b=2', fault: 'not_json the form has no field JSONString' },
    { what: 'nothing', form: '', fault: 'not_json the form has no field JSONString' },
    { what: 'no JSON in it', form: 'JSONString=abc', fault: NO_JSON },
    { what: 'a list in it', form: 'JSONString=%5B%5D', fault: NO_OBJECT },
  ])('given a form with $what, says so', ({ form, fault }) => {
    expect(documentOf(parseText(form, { contentType: FORM_TYPE }))).toBe(fault);
  });

  it('never quotes the body, which holds personal data', () => {
    const secret = 'Layla-0501234567';
    const bodies = [
      `{"invoice":{"customer_name":"${secret}"`,
      `{"invoice":{"customer_name":"${secret}","id":2646610000012345678,}}`,
      secret,
      ...Object.keys(invoice()).map((name) => JSON.stringify({ invoice: invoice({ [name]: secret }) })),
      ...Object.keys(line()).map((name) =>
        JSON.stringify({ invoice: invoice({ line_items: [line({ [name]: secret })] }) }),
      ),
    ];
    const faults = bodies.map((body) => parseText(body)).filter(({ kind }) => kind === 'unreadable');
    expect(faults.length).toBeGreaterThan(6);
    for (const fault of faults) {
      if (fault.kind !== 'unreadable') continue;
      expect(`${fault.error.message} ${fault.error.path} ${fault.error.stack}`).not.toContain(secret);
      expect(fault.error.cause).toBeUndefined();
    }
  });
});

describe('what moves no stock', () => {
  it.each<{ what: string; body: unknown; ignored: Json }>([
    {
      what: 'a contact',
      body: { contact: { contact_id: '99', contact_name: 'شركة' } },
      ignored: { entity: 'contact', id: '99', why: '"contact" moves no stock' },
    },
    {
      what: 'an id of 19 digits as a number',
      body: '{"item":{"item_id":2646610000000109854}}',
      ignored: { entity: 'item', id: PEN, why: '"item" moves no stock' },
    },
    {
      what: 'no id',
      body: { purchaseorder: {} },
      ignored: { entity: 'purchaseorder', why: '"purchaseorder" moves no stock' },
    },
    {
      what: 'a hand-made body',
      body: { event_type: 'item_created', data: { item_id: '1' } },
      ignored: { entity: 'data', why: '"data" moves no stock' },
    },
    {
      what: 'a name of an object property',
      body: '{"constructor":{},"__proto__":{}}',
      ignored: { entity: 'constructor', why: '"constructor" moves no stock' },
    },
  ])('given $what, is ignored', ({ body, ignored }) => {
    const parsed = typeof body === 'string' ? parseText(body) : parse(body);
    expect(parsed).toEqual({ kind: 'ignored', ...ignored });
  });

  it.each<{ what: string; body: Json }>([
    { what: 'before it', body: { organization: { id: '1' }, invoice: invoice() } },
    { what: 'after it', body: { invoice: invoice(), organization: { id: '1' } } },
    {
      what: 'of Zoho around it',
      body: { code: 0, message: 'success', invoice: invoice(), page_context: {} },
    },
  ])('does not hide a document: other objects $what', ({ body }) => {
    expect(documentOf(parse(body))).toMatchObject({ type: 'invoice', id: '2646610000012345678' });
  });
});

describe('whatever comes', () => {
  it('is told apart without throwing', () => {
    const root = fc.constantFrom('invoice', 'bill', 'salesorder', 'inventory_adjustment', 'item', 'x');
    const event = fc.constantFrom('created', 'updated', 'deleted');
    fc.assert(
      fc.property(root, fc.jsonValue(), event, (key, value, what) => {
        const parsed = parse({ [key]: value }, { event: what });
        expect(['document', 'ignored', 'unreadable']).toContain(parsed.kind);
      }),
    );
  });

  it('a field gone or changed gives a document without NaN, or a fault with its path', () => {
    const field = fc.constantFrom(...Object.keys(invoice()));
    const own = fc.constantFrom(...Object.keys(line()));
    const value = fc.oneof(fc.jsonValue(), fc.constant(undefined));
    fc.assert(
      fc.property(field, own, value, fc.boolean(), (head, tail, wrong, inLine) => {
        const change = inLine ? { line_items: [line({ [tail]: wrong })] } : { [head]: wrong };
        const parsed = parse({ invoice: invoice(change) });
        if (parsed.kind === 'unreadable') expect(parsed.error.path).toMatch(/^invoice\./);
        else if (parsed.kind === 'document' && parsed.document.type === 'invoice')
          for (const { quantity } of parsed.document.lines) expect(quantity).toBeGreaterThanOrEqual(0);
        else expect(parsed.kind).toBe('document');
      }),
    );
  });
});

describe('the root key of a body', () => {
  it.each([
    { body: '{"invoice":{"invoice_id":"1"}}', key: 'invoice' },
    { body: ' \n{ \t"inventory_adjustment" : {', key: 'inventory_adjustment' },
    { body: '{"invoice":', key: 'invoice' },
    { body: '{"a-b_9":1}', key: 'a-b_9' },
    { body: `{"invoice":{"name":"${'شركة'.repeat(500)}"}}`, key: 'invoice' },
    { body: '{"a.b":{}}', key: undefined },
    { body: '{"شركة":{}}', key: undefined },
    { body: `{"${'x'.repeat(65)}":{}}`, key: undefined },
    { body: '{}', key: undefined },
    { body: '[{"invoice":{}}]', key: undefined },
    { body: '"invoice":{', key: undefined },
    { body: 'JSONString=%7B', key: undefined },
    { body: '', key: undefined },
  ])('given $body, is $key', ({ body, key }) => {
    expect(sniffRootKey(new TextEncoder().encode(body))).toBe(key);
  });

  it('is found in bytes that are no text', () => {
    expect(sniffRootKey(Uint8Array.from([0xff, 0xfe, 0x00]))).toBeUndefined();
  });
});

describe('a body that is a JSON object', () => {
  it.each([
    { body: '{}', contentType: JSON_TYPE, is: true },
    { body: '{"contact":{}}', contentType: '', is: true },
    { body: '[]', contentType: JSON_TYPE, is: false },
    { body: 'null', contentType: JSON_TYPE, is: false },
    { body: '', contentType: JSON_TYPE, is: false },
    { body: '{', contentType: JSON_TYPE, is: false },
    { body: 'JSONString=%7B%7D', contentType: FORM_TYPE, is: true },
    { body: 'JSONString=x', contentType: FORM_TYPE, is: false },
    { body: 'x=%7B%7D', contentType: FORM_TYPE, is: false },
    { body: '{}', contentType: FORM_TYPE, is: false },
  ])('given "$body" as "$contentType": $is', ({ body, contentType, is }) => {
    expect(isJsonObject(new TextEncoder().encode(body), contentType)).toBe(is);
  });
});
