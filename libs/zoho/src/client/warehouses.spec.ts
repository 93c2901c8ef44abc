import { warehousesOf } from './warehouses';

describe('the places', () => {
  it.each([
    { listName: 'locations', prefix: 'location' },
    { listName: 'warehouses', prefix: 'warehouse' },
  ])('are read from $listName', ({ listName, prefix }) => {
    const place = (id: unknown, rest: Record<string, unknown>) => ({ [`${prefix}_id`]: id, ...rest });
    const body = {
      [listName]: [
        place('77', { [`${prefix}_name`]: 'Main WareHouse', status: 'active', is_primary: true }),
        place(78, { [`${prefix}_name`]: '', status: 'Inactive', [`is_primary_${prefix}`]: false }),
        place('79', { [`is_primary_${prefix}`]: 'true' }),
        place('', {}),
      ],
    };
    expect(warehousesOf(body)).toEqual([
      { warehouseId: '77', name: 'Main WareHouse', status: 'active', isPrimary: true },
      { warehouseId: '78', name: '78', status: 'inactive', isPrimary: false },
      { warehouseId: '79', name: '79', status: 'active', isPrimary: true },
    ]);
  });

  it('that are switched off are inactive, whatever their status says', () => {
    const location = { location_id: '77', status: 'active', is_location_active: false };
    expect(warehousesOf({ locations: [location] })).toMatchObject([{ status: 'inactive' }]);
  });
});
