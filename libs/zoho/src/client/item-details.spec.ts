import { UnreadableDocument } from '../fields';
import { itemDetails } from './item-details';

const ITEM = '2646610000000109854';
const FIELD = 'cf_arabic_name';
const read = (fields: Record<string, unknown>) =>
  itemDetails({ item_id: ITEM, name: 'Bag', ...fields }, FIELD);

describe('the details of an item', () => {
  it('are what Zoho says of it', () => {
    expect(
      read({
        item_name: 'Bag',
        sku: 'SK-1',
        unit: 'pcs',
        rate: 12.5,
        purchase_rate: '7.25',
        status: 'inactive',
        reorder_level: '5',
        image_document_id: '2646610000000900001',
        item_type: 'inventory',
        stock_on_hand: '12.00',
        last_modified_time: '2026-01-07T16:00:00+0530',
        custom_fields: [
          { api_name: 'cf_other', value: 'x' },
          { api_name: FIELD, value: 'حقيبة' },
        ],
      }),
    ).toEqual({
      itemId: ITEM,
      name: 'Bag',
      arabicName: 'حقيبة',
      sku: 'SK-1',
      unit: 'pcs',
      rate: 12.5,
      purchaseRate: 7.25,
      status: 'inactive',
      reorderLevel: 5,
      imageId: '2646610000000900001',
      tracksStock: true,
      totalOnHand: 12,
      lastModified: '2026-01-07T10:30:00Z',
    });
  });

  it('are only what is needed where Zoho leaves the rest blank', () => {
    const blank = Object.fromEntries(
      ['sku', 'unit', 'rate', 'purchase_rate', 'reorder_level', 'image_id', 'stock_on_hand'].map((name) => [
        name,
        '',
      ]),
    );
    expect(read({ ...blank, status: '', item_type: '', custom_fields: '', last_modified_time: '' })).toEqual({
      itemId: ITEM,
      name: 'Bag',
      status: 'active',
      tracksStock: true,
    });
  });

  it.each([
    { rate: 'on request' },
    { reorder_level: {} },
    { last_modified_time: 'yesterday' },
    { custom_fields: [null, 'x', { api_name: FIELD, value: ' ' }] },
    { custom_field_hash: 'none' },
  ])('given %j, leave out what nobody can read', (fields) => {
    expect(read(fields)).toEqual({ itemId: ITEM, name: 'Bag', status: 'active', tracksStock: true });
  });

  it.each([
    { custom_fields: [{ api_name: FIELD, value: 'حقيبة' }] },
    { custom_fields: [{ api_name: FIELD, value: '' }], custom_field_hash: { [FIELD]: 'حقيبة' } },
    { custom_field_hash: { [FIELD]: 'حقيبة' } },
    { [FIELD]: 'حقيبة' },
  ])('given %j, have the Arabic name', (fields) => {
    expect(read(fields).arabicName).toBe('حقيبة');
  });

  it.each([
    { fields: { item_type: 'inventory', track_inventory: false }, tracksStock: true },
    { fields: { item_type: 'sales' }, tracksStock: false },
    { fields: { item_type: 'sales_and_purchases', track_inventory: true }, tracksStock: false },
    { fields: { track_inventory: false }, tracksStock: false },
    { fields: { track_inventory: 'true' }, tracksStock: true },
    { fields: {}, tracksStock: true },
  ])('given $fields, tell that stock is kept: $tracksStock', ({ fields, tracksStock }) => {
    expect(read(fields).tracksStock).toBe(tracksStock);
  });

  it('have a name in any case', () => {
    expect(read({ name: '', item_name: 'Bag, small' }).name).toBe('Bag, small');
    expect(read({ name: '' }).name).toBe(ITEM);
  });

  it('are cut to what every store takes', () => {
    expect(read({ name: `${'x'.repeat(300)}\n` }).name).toHaveLength(200);
  });

  it('without an id are unreadable', () => {
    expect(() => itemDetails({ name: 'Bag' }, FIELD)).toThrow(UnreadableDocument);
  });
});
