/** How the organisation writes what it says of an item's stock; nobody knows for sure which of them one meets. */
export type Manners = {
  /** `locations[]` with `location_*`, or the older `warehouses[]` with `warehouse_*`. */
  places: 'locations' | 'warehouses';
  numbers: 'numbers' | 'strings';
  /** Items whose answer is spoiled on purpose, by id. */
  readonly spoiled: Map<string, Spoiling>;
};

/** Without its locations, without the last of them, or with a stock on hand that is no number. */
export const spoilings = ['no_locations', 'missing_location', 'unreadable_numbers'] as const;
export type Spoiling = (typeof spoilings)[number];

export const goodManners = (): Manners => ({ places: 'locations', numbers: 'numbers', spoiled: new Map() });
