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
import { placeFacts, type ZohoWarehouse } from './warehouses';

/** What Zoho says of the stock of one item in one location. */
export type ZohoLevel = Readonly<{
  warehouseId: WarehouseId;
  /** Nothing when Zoho's numbers are missing or unreadable: then the level stays as unknown as it was. */
  quantities?: Omit<Quantities, 'reserved'>;
  /** The place, as far as Zoho describes it here */
  warehouse?: Partial<Omit<ZohoWarehouse, 'warehouseId'>>;
  /** What Zoho itself derived: where it differs from our derivation, something is not understood. */
  check?: Readonly<{ availableForSale?: number; physicalAvailableForSale?: number }>;
}>;

export type ItemStock = Readonly<{ itemId: ItemId; sku?: string; levels: readonly ZohoLevel[] }>;

type ZohoQuantity = Exclude<QuantityName, 'reserved'>;

/** Our quantities by the tail of Zoho's field: `location_…` now, `warehouse_…` before. */
const stockFields: Readonly<Record<ZohoQuantity, string>> = {
  onHand: 'stock_on_hand',
  committed: 'committed_stock',
  physicalOnHand: 'actual_available_stock',
  physicalCommitted: 'actual_committed_stock',
  inTransit: 'quantity_in_transit',
};

const derivedFields = {
  availableForSale: 'available_for_sale_stock',
  physicalAvailableForSale: 'actual_available_for_sale_stock',
} as const;

/** @throws UnreadableDocument when the item has no readable id */
export const itemStock = (fields: Fields): ItemStock => {
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
    const quantities = readable(() => stock(location, prefix));
    const warehouse = placeFacts(location, prefix);
    const check = derived(location, prefix);
    return [
      {
        warehouseId: id,
        ...(quantities ? { quantities } : {}),
        ...(isEmpty(warehouse) ? {} : { warehouse }),
        ...(isEmpty(check) ? {} : { check }),
      },
    ];
  });

const isEmpty = (facts: object): boolean => Object.keys(facts).length === 0;

const derived = (location: Fields, prefix: string): NonNullable<ZohoLevel['check']> => {
  const read = (field: string) => readable(() => quantity(location, `${prefix}_${field}`, prefix));
  const availableForSale = read(derivedFields.availableForSale);
  const physicalAvailableForSale = read(derivedFields.physicalAvailableForSale);
  return {
    ...(availableForSale === undefined ? {} : { availableForSale }),
    ...(physicalAvailableForSale === undefined ? {} : { physicalAvailableForSale }),
  };
};

const stock = (location: Fields, prefix: string): Omit<Quantities, 'reserved'> => {
  const read = (name: ZohoQuantity) => neededQuantity(location, `${prefix}_${stockFields[name]}`, prefix);
  return {
    onHand: read('onHand'),
    committed: read('committed'),
    physicalOnHand: read('physicalOnHand'),
    physicalCommitted: read('physicalCommitted'),
    // Organisations that do not transfer have no such field.
    inTransit: quantity(location, `${prefix}_${stockFields.inTransit}`, prefix) ?? 0,
  };
};

const readable = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnreadableDocument) return undefined;
    throw error;
  }
};
