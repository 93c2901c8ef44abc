/** The organisation and its three locations; "warehouse" and "location" are one thing under two names. */
export const ORGANIZATION_ID = '10234695';

export type Warehouse = Readonly<{ id: string; name: string; isPrimary: boolean }>;

export const warehouses: readonly Warehouse[] = [
  { id: '2646610000000077024', name: 'Main WareHouse', isPrimary: true },
  { id: '2646610000000077025', name: 'North Depot', isPrimary: false },
  { id: '2646610000000077026', name: 'مستودع الجنوب', isPrimary: false },
];

export const warehouseIds = warehouses.map((warehouse) => warehouse.id);
export const MAIN_WAREHOUSE_ID = '2646610000000077024';

export const warehouseName = (id: string): string =>
  warehouses.find((warehouse) => warehouse.id === id)?.name ?? '';
