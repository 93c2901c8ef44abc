import { documentBody } from '../bodies/document-body';
import { trueLevels } from '../control/truth';
import type { DocumentType } from '../organisation/documents';
import { newOrganisation, type Organisation } from '../organisation/organisation';
import { lived } from '../testing/simulation';

type Body = Record<string, unknown> & { line_items: Record<string, unknown>[] };
const millionths = (value: unknown): number => Math.round(Number(value) * 1e6);

type Add = (line: Record<string, unknown>, place: unknown, name: string, by: number) => void;

/** What a body says of stock while its document counts: by the table of 4-zoho and 2-domain, anew. */
const simple: Readonly<Record<string, readonly [statuses: string, quantity: string, sign: 1 | -1]>> = {
  invoice: ['sent paid', 'onHand', -1],
  bill: ['open overdue partially_paid paid', 'onHand', 1],
  creditnote: ['open closed', 'onHand', 1],
  vendor_credit: ['open closed', 'onHand', -1],
  package: ['shipped delivered', 'physicalOnHand', -1],
  purchase_receive: ['received', 'physicalOnHand', 1],
  salesreturnreceive: ['received', 'physicalOnHand', 1],
};

const addBody = (root: string, body: Body, add: Add): void => {
  const both: Add = (line, place, _, by) => {
    add(line, place, 'onHand', by);
    add(line, place, 'physicalOnHand', by);
  };
  const isComplete = root === 'bundle' && body.is_completed === true;
  if (isComplete)
    both(
      { item_id: body.composite_item_id, item_type: 'inventory' },
      body.warehouse_id,
      '',
      millionths(body.quantity_to_bundle),
    );
  for (const line of body.line_items) {
    const place = line.warehouse_id ?? line.location_id ?? body.warehouse_id ?? body.location_id;
    const n = (field: string) => millionths(line[field]);
    const [statuses = '', quantity = '', sign = 1] = simple[root] ?? [];
    if (statuses.split(' ').includes(String(body.status))) add(line, place, quantity, sign * n('quantity'));
    if (root === 'inventory_adjustment' && body.adjustment_type === 'quantity')
      both(line, place, '', n('quantity_adjusted'));
    if (isComplete) both(line, place, '', -Number(body.quantity_to_bundle) * n('quantity_consumed'));
    if (root === 'transfer_order' && body.status !== 'draft') {
      const to = body.to_warehouse_id ?? body.to_location_id;
      both(line, body.from_warehouse_id ?? body.from_location_id, '', -n('quantity_transfer'));
      both(line, to, '', n('quantity_transferred'));
      add(line, to, 'inTransit', n('quantity_transfer') - n('quantity_transferred'));
    }
    if (root === 'salesorder' && !['draft', 'void', 'closed'].includes(String(body.status))) {
      const open = n('quantity') - n('quantity_cancelled');
      const away = n('quantity_shipped') + n('quantity_manuallyfulfilled') + n('quantity_dropshipped');
      add(line, place, 'committed', Math.max(0, open - n('quantity_invoiced')));
      add(line, place, 'physicalCommitted', Math.max(0, open - away));
    }
  }
};

/** The truth worked out anew from nothing but opening stock and the bodies of the documents that are left. */
const recomputed = (organisation: Organisation, seed: number): Map<string, number> => {
  const sums = new Map<string, number>();
  const add: Add = (line, place, name, by) => {
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
    addBody(root, body, add);
  }
  return sums;
};

describe.each([1, 2, 3, 4, 5])('after 3,000 random bookings with seed %i', (seed) => {
  const organisation = lived({ seed, bookings: 3000 });

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

  it('there are lines whose warehouse is not the header’s, and documents of many lines', () => {
    const documents = [...organisation.documents.values()];
    expect(documents.some(({ branchId, lines }) => lines.some((line) => line.warehouseId !== branchId))).toBe(
      true,
    );
    expect(documents.some(({ lines }) => lines.length === 40)).toBe(true);
  });

  it('what is on its way is in some transfer, and every quantity has moved', () => {
    const levels = trueLevels(organisation, organisation.items);
    for (const name of ['committed', 'physicalCommitted', 'inTransit'] as const)
      expect(levels.some((level) => level[name] > 0)).toBe(true);
    expect(levels.every((level) => level.inTransit >= 0 && level.committed >= 0)).toBe(true);
  });
});

it('every document there can be is booked, in every status, and items change', () => {
  const statuses: Readonly<Record<DocumentType, string>> = {
    invoice: 'draft sent paid void',
    bill: 'draft open overdue partially_paid paid void',
    salesorder: 'draft confirmed closed void',
    inventory_adjustment: 'adjusted',
    package: 'not_shipped shipped delivered',
    shipment_order: 'shipped delivered',
    creditnote: 'draft open closed void',
    salesreturn: 'approved partially_received received',
    salesreturnreceive: 'received',
    purchase_receive: 'in_transit received',
    vendor_credit: 'draft open closed void',
    transfer_order: 'draft in_transit partially_transferred transferred',
    bundle: 'draft completed',
  };
  const seen = new Set<string>();
  lived({ seed: 6, bookings: 6000 }, (changes) => {
    for (const { document, event } of changes) {
      seen.add(`${document.type} ${document.status}`);
      seen.add(`${document.type} ${event}`);
    }
  });
  for (const [type, names] of Object.entries({ ...statuses, item: 'active' }))
    for (const status of names.split(' ')) expect(seen).toContain(`${type} ${status}`);
  for (const type of ['invoice', 'bill', 'salesorder', 'creditnote', 'vendor_credit'])
    for (const event of ['created', 'updated', 'voided', 'deleted'])
      expect(seen).toContain(`${type} ${event}`);
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
