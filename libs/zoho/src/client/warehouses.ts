import type { WarehouseId } from '@tallystream/contracts';
import { type Fields, flag, label, list, status, warehouseId } from '../fields';

export type ZohoWarehouse = Readonly<{
  warehouseId: WarehouseId;
  name: string;
  status: 'active' | 'inactive';
  isPrimary: boolean;
}>;

/** The places of `GET /locations` (`location_…`) or `GET /settings/warehouses` (`warehouse_…`). */
export const warehousesOf = (body: Fields): readonly ZohoWarehouse[] => [
  ...places(body, 'locations', 'location'),
  ...places(body, 'warehouses', 'warehouse'),
];

const places = (body: Fields, listName: string, prefix: string): readonly ZohoWarehouse[] =>
  list(body, listName, 'warehouses').flatMap((place) => {
    const id = warehouseId(place, `${prefix}_id`, listName);
    if (!id) return [];
    const { name = id, status: state = 'active', isPrimary = false } = placeFacts(place, prefix);
    return [{ warehouseId: id, name, status: state, isPrimary }];
  });

/** What Zoho says of a place besides its stock, where it does; here and on every stock level. */
export const placeFacts = (place: Fields, prefix: string): Partial<Omit<ZohoWarehouse, 'warehouseId'>> => {
  const name = label(place, `${prefix}_name`);
  const state = stateOf(place);
  const isPrimary = flag(place, 'is_primary') ?? flag(place, `is_primary_${prefix}`);
  return {
    ...(name === undefined ? {} : { name }),
    ...(state === undefined ? {} : { status: state }),
    ...(isPrimary === undefined ? {} : { isPrimary }),
  };
};

const stateOf = (place: Fields): 'active' | 'inactive' | undefined => {
  const written = status(place);
  if (written === 'inactive' || flag(place, 'is_location_active') === false) return 'inactive';
  return written === undefined ? undefined : 'active';
};
