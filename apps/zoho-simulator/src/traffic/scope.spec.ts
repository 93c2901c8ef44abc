import { book } from '../bookings/registry';
import { newOrganisation } from '../organisation/organisation';
import { warehouseIds } from '../organisation/warehouses';
import { seededRandom } from '../random';
import { randomOrder } from './random-orders';
import { type ScopeOptions, scopeOf } from './scope';

const live = (options: ScopeOptions, inactive = 0) => {
  const organisation = newOrganisation({ items: 60, seed: 1, inactive });
  const random = seededRandom(1);
  const scope = scopeOf(options);
  for (let count = 0; count < 1000; count += 1)
    book(organisation, { at: 1_700_000_000 + count, ...randomOrder(organisation, random, scope) });
  const touched = [...organisation.history]
    .filter(([, moments]) => moments.length > 1)
    .map(([key]) => key.split('@'));
  return {
    types: new Set([...organisation.documents.values()].map(({ type }) => type)),
    places: organisation.items.map((item) => item.id),
    items: new Set(touched.map(([item]) => item)),
    warehouses: new Set(touched.map(([, warehouse]) => warehouse)),
  };
};

it('keeps to the first so many items and warehouses', () => {
  const { items, warehouses, places } = live({ items: 10, warehouses: 2 });
  expect([...items].sort()).toEqual(places.slice(0, 10));
  expect([...warehouses].sort()).toEqual(warehouseIds.slice(0, 2));
});

it('works in one warehouse, without transfers', () => {
  const { warehouses, types } = live({ warehouses: 1 });
  expect([...warehouses]).toEqual(warehouseIds.slice(0, 1));
  expect(types).not.toContain('transfer_order');
});

it('leaves inactive items alone', () => {
  const { items, places } = live({}, 30);
  expect([...items].every((id) => places.indexOf(id ?? '') < 30)).toBe(true);
});

it('books the types asked for, as often as weighed', () => {
  expect(live({ types: ['bill', 'creditnote'] }).types).toEqual(new Set(['bill', 'creditnote']));
  expect(live({ types: ['bill', 'creditnote'], weights: { bill: 0 } }).types).toEqual(
    new Set(['creditnote']),
  );
});
