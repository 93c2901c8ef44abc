import { zohoTime } from '../clock';
import type { Item } from '../organisation/catalogue';
import type { Organisation } from '../organisation/organisation';
import { type Level, levelAt, nothing } from '../organisation/stock';
import { type Warehouse, warehouses } from '../organisation/warehouses';
import { toUnits } from '../quantity';
import { sevenFields } from './line-body';
import { goodManners, type Manners } from './manners';
import { money } from './money';

/** An item as lists have it: its stock in all, none per location. */
export const itemRow = (organisation: Organisation, item: Item) => ({
  item_id: item.id,
  name: item.name,
  item_name: item.name,
  sku: item.sku,
  unit: item.unit,
  status: item.status === 'active' ? 'active' : 'inactive',
  source: 'user',
  description: '',
  rate: money(item.rate),
  purchase_rate: money(item.purchaseRate),
  item_type: item.isService ? 'sales' : 'inventory',
  product_type: item.isService ? 'service' : 'goods',
  track_inventory: !item.isService,
  is_combo_product: false,
  is_taxable: true,
  reorder_level: item.reorderLevel ?? '',
  ...sevenFields(inAll(organisation, item)),
  created_time: zohoTime(item.createdAt),
  last_modified_time: zohoTime(item.modifiedAt),
  ...imageFields(item),
  ...customFields(item),
});

/** An item in full: with what lies in each of the three locations. */
export const itemBody = (organisation: Organisation, item: Item, manners: Manners = goodManners()) => ({
  ...itemRow(organisation, item),
  can_be_sold: true,
  can_be_purchased: !item.isService,
  account_name: 'Sales',
  purchase_account_name: item.isService ? '' : 'Cost of Goods Sold',
  inventory_account_name: item.isService ? '' : 'Inventory Asset',
  ...places(organisation, item, manners),
});

const imageFields = ({ image }: Item) => ({
  has_attachment: image !== undefined,
  image_document_id: image?.documentId ?? '',
  image_name: image?.name ?? '',
  image_type: image ? 'png' : '',
});

const ARABIC_NAME = 'cf_arabic_name';
const ARABIC_NAME_ID = '2646610000000051001';

/** Zoho says them twice: as a list, and by their api name. A field that was not filled in is not there. */
const customFields = ({ arabicName }: Item) => ({
  custom_fields:
    arabicName === undefined
      ? []
      : [
          {
            customfield_id: ARABIC_NAME_ID,
            api_name: ARABIC_NAME,
            label: 'Arabic Name',
            data_type: 'string',
            value: arabicName,
            value_formatted: arabicName,
          },
        ],
  custom_field_hash:
    arabicName === undefined ? {} : { [ARABIC_NAME]: arabicName, [`${ARABIC_NAME}_unformatted`]: arabicName },
});

const places = (organisation: Organisation, item: Item, manners: Manners): Record<string, object[]> => {
  const spoiling = manners.spoiled.get(item.id);
  if (spoiling === 'no_locations') return {};
  const shown = spoiling === 'missing_location' ? warehouses.slice(0, -1) : warehouses;
  const singular = manners.places === 'locations' ? 'location' : 'warehouse';
  const written = shown.map((warehouse) => {
    const level = levelAt(organisation.stock, { itemId: item.id, warehouseId: warehouse.id });
    const quantities = quantityFields(level, singular, manners.numbers);
    if (spoiling === 'unreadable_numbers') quantities[`${singular}_stock_on_hand`] = 'n/a';
    return { ...placeHead(warehouse, singular), ...quantities };
  });
  return { [manners.places]: written };
};

const placeHead = ({ id, name, isPrimary }: Warehouse, singular: string) => ({
  [`${singular}_id`]: id,
  [`${singular}_name`]: name,
  status: 'active',
  is_primary: isPrimary,
});

const quantityFields = (level: Level | undefined, singular: string, numbers: Manners['numbers']) => {
  const fields = {
    ...sevenFields(level),
    quantity_in_transit: level ? toUnits(level.inTransit) : ('' as const),
  };
  return Object.fromEntries(
    Object.entries(fields).map(([field, value]): [string, number | string] => [
      `${singular}_${field}`,
      numbers === 'strings' ? decimal(value) : value,
    ]),
  );
};

/** Never in the manner of 1e-6. */
const decimal = (value: number | ''): string => (value === '' ? '' : value.toFixed(6).replace(/\.?0+$/, ''));

const inAll = (organisation: Organisation, item: Item): Level | undefined => {
  if (item.isService) return undefined;
  const total: Level = { ...nothing };
  for (const { id } of warehouses) {
    const level = levelAt(organisation.stock, { itemId: item.id, warehouseId: id });
    if (!level) continue;
    total.onHand += level.onHand;
    total.committed += level.committed;
    total.physicalOnHand += level.physicalOnHand;
    total.physicalCommitted += level.physicalCommitted;
    total.inTransit += level.inTransit;
  }
  return total;
};
