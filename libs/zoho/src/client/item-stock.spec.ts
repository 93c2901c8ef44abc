import { UnreadableDocument } from '../fields';
import { itemStock } from './item-stock';

const ITEM = '2646610000000109854';

const numbers = (prefix: string, change: Record<string, unknown> = {}): Record<string, unknown> => ({
  [`${prefix}_id`]: '77',
  [`${prefix}_name`]: 'المستودع الرئيسي',
  status: 'active',
  is_primary: true,
  [`${prefix}_stock_on_hand`]: 120.3,
  [`${prefix}_available_stock`]: 999,
  [`${prefix}_actual_available_stock`]: 121,
  [`${prefix}_committed_stock`]: 4,
  [`${prefix}_actual_committed_stock`]: 3,
  [`${prefix}_available_for_sale_stock`]: 998,
  [`${prefix}_actual_available_for_sale_stock`]: 997,
  [`${prefix}_quantity_in_transit`]: 7,
  ...change,
});

const quantities = { onHand: 120.3, committed: 4, physicalOnHand: 121, physicalCommitted: 3, inTransit: 7 };

const place = { name: 'المستودع الرئيسي', status: 'active', isPrimary: true };
const check = { availableForSale: 998, physicalAvailableForSale: 997 };

/** The stock alone, without what Zoho says of the place and of its own sums. */
const levelsOf = (item: Record<string, unknown>) =>
  itemStock({ item_id: ITEM, ...item }).levels.map(({ warehouseId, quantities: read }) => ({
    warehouseId,
    ...(read ? { quantities: read } : {}),
  }));

describe('the stock of an item', () => {
  it.each([
    { where: 'locations', prefix: 'location' },
    { where: 'warehouses', prefix: 'warehouse' },
  ])('is read from $where[]: the physical numbers are the "actual" ones', ({ where, prefix }) => {
    expect(itemStock({ item_id: ITEM, sku: 'PROD-001', [where]: [numbers(prefix)] })).toEqual({
      itemId: ITEM,
      sku: 'PROD-001',
      levels: [{ warehouseId: '77', quantities, warehouse: place, check }],
    });
  });

  it.each([
    { what: 'text', value: '12.50', onHand: 12.5 },
    { what: 'a negative number', value: -3, onHand: -3 },
    { what: 'negative text', value: '-0.5', onHand: -0.5 },
    { what: 'zero', value: 0, onHand: 0 },
  ])('given $what for a number, is $onHand', ({ value, onHand }) => {
    expect(levelsOf({ locations: [numbers('location', { location_stock_on_hand: value })] })).toEqual([
      { warehouseId: '77', quantities: { ...quantities, onHand } },
    ]);
  });

  it.each(['stock_on_hand', 'committed_stock', 'actual_available_stock', 'actual_committed_stock'])(
    'without a readable location_%s, is a level without quantities: unknown, not 0',
    (field) => {
      for (const value of ['', undefined, null, 'many', 1e12]) {
        const locations = [numbers('location', { [`location_${field}`]: value })];
        expect(levelsOf({ locations })).toEqual([{ warehouseId: '77' }]);
      }
    },
  );

  it.each([
    { given: undefined, level: { quantities: { ...quantities, inTransit: 0 } } },
    { given: '', level: { quantities: { ...quantities, inTransit: 0 } } },
    { given: '2', level: { quantities: { ...quantities, inTransit: 2 } } },
    { given: 'some', level: {} },
  ])('given $given in transit, is $level', ({ given, level }) => {
    expect(levelsOf({ locations: [numbers('location', { location_quantity_in_transit: given })] })).toEqual([
      { warehouseId: '77', ...level },
    ]);
  });

  it.each([
    {
      given: { status: 'Inactive', is_primary: 'false' },
      warehouse: { status: 'inactive', isPrimary: false },
    },
    { given: { is_location_active: false }, warehouse: { status: 'inactive' } },
    { given: { is_primary_location: true }, warehouse: { isPrimary: true } },
    { given: { location_name: 'Shop', status: '' }, warehouse: { name: 'Shop' } },
    { given: {}, warehouse: undefined },
  ])('given $given, comes with what is known of the place', ({ given, warehouse }) => {
    const [level] = itemStock({ item_id: ITEM, locations: [{ location_id: '77', ...given }] }).levels;
    expect(level?.warehouse).toEqual(warehouse);
  });

  it.each([
    { forSale: '5', physical: 4.5, check: { availableForSale: 5, physicalAvailableForSale: 4.5 } },
    { forSale: '', physical: 4, check: { physicalAvailableForSale: 4 } },
    { forSale: 'some', physical: undefined, check: undefined },
  ])('given $forSale and $physical for sale by its own sums, keeps $check', (given) => {
    const { forSale, physical } = given;
    const location = numbers('location', {
      location_available_for_sale_stock: forSale,
      location_actual_available_for_sale_stock: physical,
    });
    expect(itemStock({ item_id: ITEM, locations: [location] }).levels[0]?.check).toEqual(given.check);
  });

  it('has a level per location; one without id is none', () => {
    const locations = [numbers('location'), numbers('location', { location_id: '78' }), { location_id: '' }];
    expect(levelsOf({ locations }).map(({ warehouseId }) => warehouseId)).toEqual(['77', '78']);
  });

  it.each<{ what: string; locations: unknown; warehouses: unknown; levels: unknown }>([
    {
      what: 'other warehouses than locations',
      locations: [numbers('location')],
      warehouses: [numbers('warehouse', { warehouse_id: '78' })],
      levels: [
        { warehouseId: '77', quantities },
        { warehouseId: '78', quantities },
      ],
    },
    {
      what: 'the same place as location and as warehouse',
      locations: [numbers('location')],
      warehouses: [numbers('warehouse', { warehouse_stock_on_hand: 1 })],
      levels: [{ warehouseId: '77', quantities }],
    },
    {
      what: 'the same place, with numbers only as warehouse',
      locations: [{ location_id: '77', location_stock_on_hand: '' }],
      warehouses: [numbers('warehouse')],
      levels: [{ warehouseId: '77', quantities }],
    },
    { what: 'neither', locations: undefined, warehouses: '', levels: [] },
  ])('given $what, has one level per place', ({ locations, warehouses, levels }) => {
    expect(levelsOf({ locations, warehouses })).toEqual(levels);
  });

  it.each([
    { given: ITEM, id: ITEM },
    { given: 4815000000044208, id: '4815000000044208' },
  ])('keeps the item id $given as text', ({ given, id }) => {
    expect(itemStock({ item_id: given })).toEqual({ itemId: id, levels: [] });
  });

  it.each([
    { what: 'no item id', item: {}, fault: 'item.item_id: is missing' },
    { what: 'a blank item id', item: { item_id: '' }, fault: 'item.item_id: is missing' },
    { what: 'an item id that is none', item: { item_id: 'a b' }, fault: 'item.item_id: is not an id' },
    {
      what: 'a location id that is none',
      item: { item_id: ITEM, locations: [{ location_id: 'a.b' }] },
      fault: 'locations.location_id: is not an id',
    },
    {
      what: 'locations that are no list',
      item: { item_id: ITEM, locations: 'all' },
      fault: 'item.locations: is not a list',
    },
  ])('given $what, is unreadable', ({ item, fault }) => {
    expect(() => itemStock(item)).toThrow(UnreadableDocument);
    expect(() => itemStock(item)).toThrow(fault);
  });
});
