import { type ItemId, type Quantities, type QuantityName, type WarehouseId } from '@tallystream/contracts';
import {
  type Fields,
  itemId,
  list,
  neededQuantity,
  quantity,
  text,
  UnreadableDocument,
  warehouseId,
} from '../fields';

/** What Zoho says of the stock of one item in one location. */
export type ZohoLevel = Readonly<{
  warehouseId: WarehouseId;
  /** Nothing when Zoho's numbers are missing or unreadable: then the level stays as unknown as it was. */
  quantities?: Omit<Quantities, 'reserved'>;
}>;

export type ZohoItem = Readonly<{ itemId: ItemId; sku?: string; levels: readonly ZohoLevel[] }>;

type ZohoQuantity = Exclude<QuantityName, 'reserved'>;

/** Our quantities by the tail of Zoho's field: `location_…` now, `warehouse_…` before. */
const stockFields: Readonly<Record<ZohoQuantity, string>> = {
  onHand: 'stock_on_hand',
  committed: 'committed_stock',
  physicalOnHand: 'actual_available_stock',
  physicalCommitted: 'actual_committed_stock',
  inTransit: 'quantity_in_transit',
};

/** @throws UnreadableDocument when the item has no readable id */
export const itemStock = (fields: Fields): ZohoItem => {
  const id = itemId(fields, 'item_id', 'item');
  if (!id) throw new UnreadableDocument('missing_field', 'item.item_id', 'is missing');
  const sku = text(fields, 'sku');
  return {
    itemId: id,
    ...(sku ? { sku } : {}),
    levels: onePerPlace([
      ...levels(fields, 'locations', 'location'),
      ...levels(fields, 'warehouses', 'warehouse'),
    ]),
  };
};

/** Zoho may name a place both ways: the first that has quantities holds. */
const onePerPlace = (found: readonly ZohoLevel[]): readonly ZohoLevel[] => {
  const places = new Map<WarehouseId, ZohoLevel>();
  for (const level of found)
    if (!places.get(level.warehouseId)?.quantities) places.set(level.warehouseId, level);
  return [...places.values()];
};

const levels = (fields: Fields, listName: string, prefix: string): readonly ZohoLevel[] =>
  list(fields, listName, 'item').flatMap((location) => {
    const id = warehouseId(location, `${prefix}_id`, listName);
    if (!id) return [];
    const quantities = readable(location, prefix);
    return [{ warehouseId: id, ...(quantities ? { quantities } : {}) }];
  });

const readable = (location: Fields, prefix: string): Omit<Quantities, 'reserved'> | undefined => {
  const read = (name: ZohoQuantity) => neededQuantity(location, `${prefix}_${stockFields[name]}`, prefix);
  try {
    return {
      onHand: read('onHand'),
      committed: read('committed'),
      physicalOnHand: read('physicalOnHand'),
      physicalCommitted: read('physicalCommitted'),
      // Organisations that do not transfer have no such field.
      inTransit: quantity(location, `${prefix}_${stockFields.inTransit}`, prefix) ?? 0,
    };
  } catch (error) {
    if (error instanceof UnreadableDocument) return undefined;
    throw error;
  }
};
