import { documentOf, linesOf, parse } from '../spec/parsing';
import { BOX, BRANCH, body, INK, type Json, line, MAIN, PEN, SOUTH } from '../spec/payloads';

const pen = { itemId: PEN, warehouseId: MAIN, sku: 'PEN-01' };

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
    expect(linesOf(parse(body('invoice', { line_items })))).toBe(fault);
  });

  it.each([
    'quantity_invoiced',
    'quantity_cancelled',
    'quantity_shipped',
    'quantity_manuallyfulfilled',
    'quantity_dropshipped',
  ])('given a bad counter %s, fails the whole order', (counter) => {
    const order = (value: unknown) => parse(body('salesorder', { line_items: [line({ [counter]: value })] }));
    expect(linesOf(order('some'))).toBe(`bad_field salesorder.line_items[0].${counter}: is not a quantity`);
    expect(linesOf(order(-1))).toBe(`bad_field salesorder.line_items[0].${counter}: is negative`);
    for (const nothing of ['', ' ', null, undefined, 0, '0'])
      expect(linesOf(order(nothing))).toMatchObject([{ quantity: 3, invoiced: 0, cancelled: 0, shipped: 0 }]);
  });
});

describe('an adjustment', () => {
  const adjusted = (change: Json) => body('inventory_adjustment', change);

  it.each([
    { written: '2.5', quantity: 2.5 },
    { written: '-2.5', quantity: -2.5 },
    { written: 0, quantity: 0 },
    { written: 1e3, quantity: 1000 },
  ])('by $written has its sign: $quantity', ({ written, quantity }) => {
    const line_items = [line({ quantity_adjusted: written, quantity: 99 })];
    expect(linesOf(parse(adjusted({ line_items })))).toMatchObject([{ quantity }]);
  });

  it.each(['value', 'Value'])('of the %s alone moves nothing', (adjustment_type) => {
    const line_items = [line({ quantity: undefined, value_adjusted: 15 })];
    const parsed = documentOf(parse(adjusted({ adjustment_type, line_items })));
    expect(parsed).toMatchObject({ type: 'inventory_adjustment', status: 'adjusted', lines: [] });
  });

  it('has its type in any case', () => {
    expect(linesOf(parse(adjusted({ adjustment_type: 'Quantity' })))).toEqual([{ ...pen, quantity: -2 }]);
  });

  it.each(['', undefined, 'count'])('of type %p is unreadable', (adjustment_type) => {
    expect(documentOf(parse(adjusted({ adjustment_type })))).toBe(
      'bad_field inventory_adjustment.adjustment_type: is neither quantity nor value',
    );
  });
});

describe('a transfer order', () => {
  const order = (change: Json, own: Json = {}): Json => ({
    ...body('transfer_order', {
      is_intransit_order: undefined,
      line_items: [line({ quantity_transfer: 10, quantity: undefined, ...own })],
      ...change,
    }),
  });
  const moved = { ...pen, destinationId: SOUTH, quantity: 10 };

  it.each([
    { given: { status: 'in_transit' }, status: 'in_transit', received: 0 },
    { given: { status: 'In Transit' }, status: 'in_transit', received: 0 },
    { given: { status: 'intransit' }, status: 'in_transit', received: 0 },
    { given: { status: 'transferred' }, status: 'transferred', received: 10 },
    { given: { status: 'Received' }, status: 'transferred', received: 10 },
    { given: { is_intransit_order: true }, status: 'in_transit', received: 0 },
    { given: { is_intransit_order: 'false' }, status: 'transferred', received: 10 },
    { given: { status: 'transferred', is_intransit_order: true }, status: 'transferred', received: 10 },
    { given: { status: 'draft', is_intransit_order: false }, status: 'draft', received: 0 },
    { given: { status: 'void' }, status: 'void', received: 0 },
  ])('given $given is $status: $received of 10 have arrived', ({ given, status, received }) => {
    // What a line says of it matters only where the status leaves it open.
    const parsed = parse(order(given, { quantity_received: 4 }));
    expect(documentOf(parsed)).toMatchObject({ status, lines: [{ ...moved, received }] });
  });

  it('that says neither is unreadable', () => {
    expect(documentOf(parse(order({})))).toBe('missing_field transfer_order.status: is missing');
  });

  it.each<{ own: Json; received: unknown }>([
    { own: { quantity_received: '4' }, received: 4 },
    { own: { quantity_transferred: 6.5 }, received: 6.5 },
    { own: { quantity_received: '', quantity_transferred: 6 }, received: 6 },
    { own: { quantity_received: 4, quantity_transferred: 6 }, received: 4 },
    { own: { quantity_received: 0 }, received: 0 },
    { own: { quantity_received: 11 }, received: 10 },
    { own: {}, received: 'missing_field transfer_order.line_items[0].quantity_transferred: is missing' },
    {
      own: { quantity_received: '' },
      received: 'missing_field transfer_order.line_items[0].quantity_transferred: is missing',
    },
    {
      own: { quantity_received: 'four' },
      received: 'bad_field transfer_order.line_items[0].quantity_received: is not a quantity',
    },
    {
      own: { quantity_received: -4 },
      received: 'bad_field transfer_order.line_items[0].quantity_received: is negative',
    },
  ])('partially transferred, given $own: $received', ({ own, received }) => {
    for (const status of ['partially_transferred', 'Partially Received']) {
      const parsed = parse(order({ status }, own));
      expect(linesOf(parsed)).toEqual(typeof received === 'number' ? [{ ...moved, received }] : received);
      if (typeof received === 'string') expect(parsed).toMatchObject({ items: [PEN] });
    }
  });

  it.each<{ what: string; change: Json; own: Json; from: string; to: string }>([
    {
      what: 'warehouses',
      change: {
        from_warehouse_id: '1',
        to_warehouse_id: '2',
        from_location_id: '',
        to_location_id: undefined,
      },
      own: {},
      from: '1',
      to: '2',
    },
    {
      what: 'both, the warehouses',
      change: { from_warehouse_id: '1', to_warehouse_id: '2' },
      own: {},
      from: '1',
      to: '2',
    },
    {
      what: 'another place on the line and the branch in the header, its own ends',
      change: { location_id: BRANCH, warehouse_id: BRANCH },
      own: { location_id: BRANCH },
      from: MAIN,
      to: SOUTH,
    },
  ])('goes from one place to another: given $what', ({ change, own, from, to }) => {
    const parsed = parse(order({ status: 'in_transit', ...change }, { warehouse_id: undefined, ...own }));
    expect(linesOf(parsed)).toMatchObject([{ warehouseId: from, destinationId: to }]);
  });

  it.each(['from', 'to'])('without a place to go %s is unreadable: the default is not meant', (end) => {
    const given = order({ status: 'in_transit', [`${end}_location_id`]: '' });
    expect(documentOf(parse(given, { defaultWarehouse: '9' }))).toBe(
      `missing_field transfer_order.${end}_location_id: is missing`,
    );
  });
});

describe('a bundle', () => {
  const bundle = (change: Json) => parse(body('bundle', change));
  const part = (quantity_consumed: unknown, change: Json = {}) =>
    line({ quantity: undefined, quantity_consumed, ...change });

  it.each([
    { bundled: 3, per: 0.1, consumed: -0.3 },
    { bundled: '0.5', per: '0.000001', consumed: -0.000001 },
    { bundled: 7, per: 0, consumed: 0 },
    { bundled: 1000, per: 123456.789012, consumed: -123456789.012 },
  ])('of $bundled takes $per of a part for each: $consumed, exactly', ({ bundled, per, consumed }) => {
    const parsed = bundle({ quantity_to_bundle: bundled, line_items: [part(per)] });
    expect(linesOf(parsed)).toEqual([
      { itemId: BOX, warehouseId: MAIN, sku: 'BOX-12', quantity: Number(bundled) },
      { ...pen, quantity: consumed },
    ]);
  });

  it('has parts where its parts are, and services among them count for nothing', () => {
    const line_items = [
      part(1, { warehouse_id: undefined, location_id: SOUTH }),
      part(2, { item_id: INK, sku: '', warehouse_id: '' }),
      part('', { item_id: 'work', product_type: 'service' }),
    ];
    expect(linesOf(bundle({ line_items }))).toMatchObject([
      { itemId: BOX, warehouseId: MAIN, quantity: 2 },
      { itemId: PEN, warehouseId: SOUTH, quantity: -2 },
      { itemId: INK, warehouseId: MAIN, quantity: -4 },
    ]);
  });

  it.each<{ what: string; change: Json; fault: string }>([
    {
      what: 'nothing that it makes',
      change: { composite_item_id: '' },
      fault: 'missing_field bundle.composite_item_id: is missing',
    },
    {
      what: 'nowhere to make it',
      change: { warehouse_id: '', location_id: undefined },
      fault: 'missing_field bundle.warehouse_id: is missing',
    },
    {
      what: 'no count of what it makes',
      change: { quantity_to_bundle: '' },
      fault: 'missing_field bundle.quantity_to_bundle: is missing',
    },
    {
      what: 'a part without a count',
      change: { line_items: [part(1), part(undefined)] },
      fault: 'missing_field bundle.line_items[1].quantity_consumed: is missing',
    },
    {
      what: 'parts beyond what can be counted',
      change: { quantity_to_bundle: 1e9, line_items: [part(1e9)] },
      fault: 'bad_field bundle.line_items[0].quantity_consumed: is not a quantity',
    },
  ])('given $what is unreadable', ({ change, fault }) => {
    expect(documentOf(bundle(change))).toBe(fault);
  });

  it('without a place of its own is made in the default warehouse', () => {
    const given = body('bundle', {
      warehouse_id: '',
      location_id: '',
      line_items: [part(1, { warehouse_id: '' })],
    });
    expect(linesOf(parse(given, { defaultWarehouse: '9' }))).toMatchObject([
      { itemId: BOX, warehouseId: '9' },
      { itemId: PEN, warehouseId: '9' },
    ]);
  });
});
