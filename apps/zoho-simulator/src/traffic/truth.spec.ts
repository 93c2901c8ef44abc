import { documentBody } from '../bodies/document-body';
import { trueLevels } from '../control/truth';
import { newOrganisation, type Organisation } from '../organisation/organisation';
import { lived } from '../testing/simulation';

type Body = Record<string, unknown> & { line_items: Record<string, unknown>[] };
const millionths = (value: unknown): number => Math.round(Number(value) * 1e6);

/** The truth worked out anew from nothing but opening stock and the bodies of the documents that are left. */
const recomputed = (organisation: Organisation, seed: number): Map<string, number> => {
  const sums = new Map<string, number>();
  const add = (line: Record<string, unknown>, place: unknown, name: string, by: number) => {
    if (line.item_type !== 'inventory') return;
    const key = `${line.item_id} ${place} ${name}`;
    sums.set(key, (sums.get(key) ?? 0) + by);
  };
  const fresh = newOrganisation({ items: organisation.items.length, seed });
  for (const level of trueLevels(fresh, fresh.items)) {
    sums.set(`${level.itemId} ${level.warehouseId} onHand`, millionths(level.onHand));
    sums.set(`${level.itemId} ${level.warehouseId} physicalOnHand`, millionths(level.physicalOnHand));
  }
  for (const document of organisation.documents.values()) {
    const [root, body] = Object.entries(
      JSON.parse(JSON.stringify(documentBody(organisation, document))) as Record<string, Body>,
    )[0] as [string, Body];
    for (const line of body.line_items) {
      const place = line.warehouse_id ?? line.location_id ?? body.location_id;
      const n = (field: string) => millionths(line[field]);
      if (root === 'invoice' && body.status === 'sent') add(line, place, 'onHand', -n('quantity'));
      if (root === 'bill' && body.status === 'open') add(line, place, 'onHand', n('quantity'));
      if (root === 'inventory_adjustment' && body.adjustment_type === 'quantity') {
        add(line, place, 'onHand', n('quantity_adjusted'));
        add(line, place, 'physicalOnHand', n('quantity_adjusted'));
      }
      if (root === 'salesorder' && !['draft', 'void', 'closed'].includes(String(body.status))) {
        const open = n('quantity') - n('quantity_cancelled');
        const away = n('quantity_shipped') + n('quantity_manuallyfulfilled') + n('quantity_dropshipped');
        add(line, place, 'committed', Math.max(0, open - n('quantity_invoiced')));
        add(line, place, 'physicalCommitted', Math.max(0, open - away));
      }
    }
  }
  return sums;
};

describe.each([1, 2, 3, 4, 5])('after 2,000 random bookings with seed %i', (seed) => {
  const organisation = lived({ seed, bookings: 2000 });

  it('the truth is what opening stock and the live documents say', () => {
    const expected = recomputed(organisation, seed);
    for (const level of trueLevels(organisation, organisation.items)) {
      const { itemId, warehouseId, ...quantities } = level;
      for (const [name, value] of Object.entries(quantities))
        expect([itemId, name, millionths(value)]).toEqual([
          itemId,
          name,
          expected.get(`${itemId} ${warehouseId} ${name}`) ?? 0,
        ]);
    }
  });

  it('every kind of document is there, and lines whose warehouse is not the header’s', () => {
    const documents = [...organisation.documents.values()];
    expect(new Set(documents.map(({ type, status }) => `${type} ${status}`))).toEqual(
      new Set([
        ...['draft', 'sent', 'void'].map((status) => `invoice ${status}`),
        ...['open', 'void'].map((status) => `bill ${status}`),
        ...['draft', 'confirmed', 'closed', 'void'].map((status) => `salesorder ${status}`),
        'inventory_adjustment adjusted',
      ]),
    );
    expect(documents.some(({ branchId, lines }) => lines.some((line) => line.warehouseId !== branchId))).toBe(
      true,
    );
    expect(documents.some(({ lines }) => lines.length === 40)).toBe(true);
  });
});

it('is the same for the same seed and another for another', () => {
  const truth = (seed: number) => {
    const organisation = lived({ seed, bookings: 300 });
    return trueLevels(organisation, organisation.items);
  };
  expect(truth(11)).toEqual(truth(11));
  expect(truth(11)).not.toEqual(truth(12));
});

it('never gives a document two versions in one second, nor a version older than the last', () => {
  const versions = new Map<string, number[]>();
  lived({ seed: 9, bookings: 1500, every: 1500 }, (changes) => {
    for (const { document } of changes)
      versions.set(document.id, [...(versions.get(document.id) ?? []), document.modifiedAt]);
  });
  const histories = [...versions.values()];
  expect(histories.some((history) => history.length > 2)).toBe(true);
  for (const history of histories) {
    expect(history).toEqual([...history].sort((a, b) => a - b));
    expect(new Set(history).size).toBe(history.length);
  }
});
