import { sevenFields } from '../bodies/line-body';
import { money } from '../bodies/money';
import { zohoTime } from '../clock';
import type { Item } from '../organisation/catalogue';
import type { Organisation } from '../organisation/organisation';
import { type Level, levelKey } from '../organisation/stock';
import { type Warehouse, warehouses } from '../organisation/warehouses';
import { toUnits } from '../quantity';

/** An item as lists have it: its stock in all, none per location. */
export const itemRow = (organisation: Organisation, item: Item) => ({
  item_id: item.id,
  name: item.name,
  item_name: item.name,
  sku: item.sku,
  unit: item.unit,
  status: 'active',
  source: 'user',
  description: '',
  rate: money(item.rate),
  purchase_rate: money(Math.round(item.rate * 0.6)),
  item_type: item.isService ? 'sales' : 'inventory',
  product_type: item.isService ? 'service' : 'goods',
  track_inventory: !item.isService,
  is_combo_product: false,
  is_taxable: true,
  reorder_level: item.isService ? '' : 5,
  ...sevenFields(inAll(organisation, item)),
  // Moving stock does not touch these: a sync by modification time would miss it.
  created_time: zohoTime(ITEM_TIME),
  last_modified_time: zohoTime(ITEM_TIME),
  has_attachment: false,
  custom_fields: [],
});

/** An item in full: with what lies in each of the three locations. */
export const itemBody = (organisation: Organisation, item: Item) => ({
  ...itemRow(organisation, item),
  can_be_sold: true,
  can_be_purchased: !item.isService,
  account_name: 'Sales',
  purchase_account_name: item.isService ? '' : 'Cost of Goods Sold',
  inventory_account_name: item.isService ? '' : 'Inventory Asset',
  locations: warehouses.map((warehouse) =>
    locationBody(warehouse, organisation.stock.get(levelKey(item.id, warehouse.id))),
  ),
});

/** 2024-01-15T10:00:00+0530 */
const ITEM_TIME = Date.UTC(2024, 0, 15, 4, 30) / 1000;

const locationBody = (warehouse: Warehouse, level: Level | undefined) => ({
  location_id: warehouse.id,
  location_name: warehouse.name,
  status: 'active',
  is_primary: warehouse.isPrimary,
  ...Object.fromEntries(
    Object.entries(sevenFields(level)).map(([field, value]) => [`location_${field}`, value]),
  ),
  location_quantity_in_transit: level ? toUnits(level.inTransit) : '',
});

const inAll = (organisation: Organisation, item: Item): Level | undefined => {
  if (item.isService) return undefined;
  const total: Level = {
    onHand: 0n,
    committed: 0n,
    physicalOnHand: 0n,
    physicalCommitted: 0n,
    inTransit: 0n,
  };
  for (const { id } of warehouses) {
    const level = organisation.stock.get(levelKey(item.id, id));
    if (!level) continue;
    total.onHand += level.onHand;
    total.committed += level.committed;
    total.physicalOnHand += level.physicalOnHand;
    total.physicalCommitted += level.physicalCommitted;
    total.inTransit += level.inTransit;
  }
  return total;
};
