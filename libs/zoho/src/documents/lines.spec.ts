import { linesOf, parse, parseText } from '../spec/parsing';
import { BRANCH, body, INK, type Json, line, MAIN, PEN } from '../spec/payloads';

const pen = { itemId: PEN, warehouseId: MAIN, sku: 'PEN-01' };

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
    expect(linesOf(parse(body('bill', { ...header, line_items }), given))).toMatchObject([
      { warehouseId: at },
    ]);
  });

  it.each(['location', 'warehouse'])(
    'is not where else there is stock of the item: %ss of the line',
    (kind) => {
      const elsewhere = [{ [`${kind}_id`]: '5', [`${kind}_stock_on_hand`]: '7' }, { [`${kind}_id`]: '6' }];
      const other = kind === 'location' ? 'warehouses' : 'locations';
      const line_items = [
        line({ [`${kind}s`]: elsewhere, [other]: [], [`${kind}_id`]: '1', branch_id: '2' }),
      ];
      const own = { warehouse_id: undefined, ...line_items[0] };
      const given = body('bill', { locations: elsewhere, line_items: [own] });
      expect(linesOf(parse(given))).toEqual([
        { ...pen, warehouseId: kind === 'location' ? MAIN : '1', quantity: 3 },
      ]);
    },
  );

  it('given nothing at all, the document is unreadable', () => {
    expect(linesOf(parse(body('bill', { line_items: [line({ warehouse_id: '' })] })))).toBe(NOWHERE);
  });

  it('does not matter for a line that counts for nothing', () => {
    const line_items = [line({ warehouse_id: '', item_type: 'sales' })];
    expect(linesOf(parse(body('bill', { line_items })))).toEqual([]);
  });

  it.each(['a.b', 1.5, true])('given %p for a warehouse, the document is unreadable', (warehouse_id) => {
    expect(linesOf(parse(body('bill', { line_items: [line({ warehouse_id })] })))).toBe(
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
    { what: 'an item in capitals', change: { item_type: 'Inventory' }, counts: true },
    { what: 'a service in capitals', change: { product_type: 'Service' }, counts: false },
    { what: 'an item that is only sold', change: { item_type: 'sales' }, counts: false },
    { what: 'an item that is not kept', change: { item_type: 'sales_and_purchases' }, counts: false },
    { what: 'a service', change: { product_type: 'service' }, counts: false },
    { what: 'an untracked item', change: { track_inventory: false }, counts: false },
    { what: 'an item untracked in words', change: { track_inventory: 'false' }, counts: false },
    { what: 'a line of text', change: { item_id: undefined }, counts: false },
    { what: 'a line with a blank item', change: { item_id: '' }, counts: false },
    { what: 'a service without quantity', change: { product_type: 'service', quantity: '' }, counts: false },
  ])('given $what: $counts', ({ change, counts }) => {
    const lines = linesOf(parse(body('invoice', { line_items: [line(change), line({ item_id: INK })] })));
    expect(lines).toMatchObject(counts ? [{ itemId: PEN }, { itemId: INK }] : [{ itemId: INK }]);
    expect(lines).toHaveLength(counts ? 2 : 1);
  });

  it.each([
    { what: 'an empty list', line_items: [] },
    { what: 'services only', line_items: [line({ product_type: 'service' })] },
  ])('given $what, the document is read and moves nothing', ({ line_items }) => {
    expect(linesOf(parse(body('invoice', { line_items })))).toEqual([]);
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
      what: 'a single part, not in a list',
      kit: { mapped_items: part() },
      lines: [{ itemId: INK, warehouseId: MAIN, quantity: 2 }],
    },
    {
      what: 'parts that are no list',
      kit: { mapped_items: 'many' },
      lines: 'bad_field invoice.line_items[0].mapped_items: is not a list',
    },
    {
      what: 'a kit that is no inventory item itself',
      kit: { item_type: 'sales', track_inventory: false, product_type: 'service', mapped_items: [part()] },
      lines: [{ itemId: INK, warehouseId: MAIN, quantity: 2 }],
    },
    {
      what: 'a kit whose own quantity is blank',
      kit: { quantity: '', mapped_items: [part({ quantity: '0.5' })] },
      lines: [{ itemId: INK, warehouseId: MAIN, quantity: 0.5 }],
    },
    {
      what: "parts full of nulls, as in Zoho's samples: the line itself",
      kit: {
        mapped_items: [{ item_id: null, quantity: null, mapped_items: [{ item_id: null, sku: null }] }],
      },
      lines: [{ ...pen, quantity: 3 }],
    },
    {
      what: 'a part whose own parts are full of nulls',
      kit: { mapped_items: [part({ mapped_items: [{ item_id: null, quantity: null }] })] },
      lines: [{ itemId: INK, warehouseId: MAIN, quantity: 2 }],
    },
  ])('through its parts, given $what', ({ kit, lines }) => {
    expect(linesOf(parse(body('invoice', { line_items: [line(kit)] })))).toEqual(lines);
  });

  it('given kits in kits without end, the document is unreadable, and nothing breaks', () => {
    const depth = 5_000;
    const nested = `${'{"item_id":"1","mapped_items":['.repeat(depth)}${']}'.repeat(depth)}`;
    const written = JSON.stringify(body('invoice', { line_items: ['@'] })).replace('"@"', nested);
    expect(linesOf(parseText(written))).toMatch(/^bad_field .*mapped_items: is nested too deep$/);
  });
});
