import { trueLevels } from '../control/truth';
import { FIRST_ITEM_ID } from '../organisation/catalogue';
import { findDocument, newOrganisation } from '../organisation/organisation';
import { BookingRefused } from './booking';
import { book, type Order } from './registry';

const MAIN = '2646610000000077024';
const NORTH = '2646610000000077025';
const SECOND_ITEM_ID = '2646610000000111856';

const start = () => {
  const organisation = newOrganisation({ items: 30, seed: 1 });
  const service = organisation.items.find((item) => item.isService)?.id ?? '';
  const opening = trueLevels(organisation, organisation.items);
  /** Books, and tells what has moved since the opening: of the first two items, by place. */
  const carryOut = (order: Order) => book(organisation, { at: 1_700_000_000, ...order });
  const idOf = (order: Order): string => carryOut(order)[0]?.document.id ?? '';
  const moved = () =>
    Object.fromEntries(
      trueLevels(organisation, organisation.items).flatMap(({ itemId, warehouseId, ...now }, index) => {
        const was = opening[index];
        const changes = Object.entries(now).flatMap(([name, value]) => {
          const by = Math.round((value - Number(was?.[name as keyof typeof now])) * 1e6) / 1e6;
          return by === 0 ? [] : [[name, by] as const];
        });
        return changes.length === 0 ? [] : [[levelName(itemId, warehouseId), Object.fromEntries(changes)]];
      }),
    );
  return { organisation, carryOut, idOf, moved, service };
};

const levelName = (itemId: string, warehouseId: string) =>
  `${itemId === FIRST_ITEM_ID ? 'first' : 'second'} in ${warehouseId === MAIN ? 'main' : 'north'}`;

const content = (quantity: number, itemId = FIRST_ITEM_ID) => ({
  contact: 0,
  branchId: NORTH,
  naming: 'line_warehouse' as const,
  lines: [{ itemId, quantity, warehouseId: MAIN }],
});

const refuses = (carryOut: (order: Order) => unknown, ...orders: Order[]) => {
  for (const order of orders) expect(() => carryOut(order)).toThrow(BookingRefused);
};

it('a bill counts from when it is open, paid or not, until it is void', () => {
  const { idOf, carryOut, moved } = start();
  const id = idOf({ action: 'bill.create', input: { ...content(5), status: 'draft' } });
  expect(moved()).toEqual({});
  for (const status of ['open', 'overdue', 'partially_paid', 'paid'] as const) {
    carryOut({ action: 'bill.mark', input: { id, status } });
    expect(moved()).toEqual({ 'first in main': { onHand: 5 } });
  }
  refuses(carryOut, { action: 'bill.edit', input: { id, line: 0, quantity: 1 } });
  carryOut({ action: 'bill.void', input: { id } });
  expect(moved()).toEqual({});
  carryOut({ action: 'bill.delete', input: { id } });
  expect(moved()).toEqual({});
});

it('an invoice that is paid goes on counting', () => {
  const { idOf, carryOut, moved } = start();
  const id = idOf({ action: 'invoice.create', input: { ...content(5), status: 'sent' } });
  carryOut({ action: 'invoice.pay', input: { id } });
  expect(moved()).toEqual({ 'first in main': { onHand: -5 } });
  carryOut({ action: 'invoice.delete', input: { id } });
  expect(moved()).toEqual({});
});

it.each([
  ['creditnote', 2, 7],
  ['vendor_credit', -2, -7],
] as const)('a %s counts in the books while it is open or closed', (type, first, edited) => {
  const { idOf, carryOut, moved } = start();
  const id = idOf({ action: `${type}.create`, input: { ...content(2), status: 'draft' } });
  expect(moved()).toEqual({});
  carryOut({ action: `${type}.mark`, input: { id, status: 'open' } });
  expect(moved()).toEqual({ 'first in main': { onHand: first } });
  carryOut({ action: `${type}.edit`, input: { id, line: 0, quantity: 7 } });
  carryOut({ action: `${type}.mark`, input: { id, status: 'closed' } });
  expect(moved()).toEqual({ 'first in main': { onHand: edited } });
  refuses(carryOut, { action: `${type}.edit`, input: { id, line: 0, quantity: 1 } });
  carryOut({ action: `${type}.void`, input: { id } });
  expect(moved()).toEqual({});
  refuses(carryOut, { action: `${type}.mark`, input: { id, status: 'open' } });
});

it('a purchase receive counts on the shelf, not while it is in transit', () => {
  const { idOf, carryOut, moved, service } = start();
  const id = idOf({ action: 'purchase_receive.create', input: { ...content(4), status: 'in_transit' } });
  expect(moved()).toEqual({});
  carryOut({ action: 'purchase_receive.receive', input: { id } });
  carryOut({ action: 'purchase_receive.edit', input: { id, line: 0, quantity: 6.5 } });
  expect(moved()).toEqual({ 'first in main': { physicalOnHand: 6.5 } });
  carryOut({ action: 'purchase_receive.delete', input: { id } });
  expect(moved()).toEqual({});
  refuses(carryOut, { action: 'purchase_receive.create', input: content(1, service) });
});

it('a package takes from the shelf, and from the promise of its order, when it is shipped', () => {
  const { organisation, carryOut, idOf, moved } = start();
  const id = idOf({ action: 'salesorder.create', input: content(10) });
  const pack = (quantity: number): Order => ({
    action: 'package.create',
    input: { id, lines: [{ line: 0, quantity }] },
  });
  refuses(carryOut, pack(4));
  carryOut({ action: 'salesorder.confirm', input: { id } });
  const promised = { committed: 10, physicalCommitted: 10 };
  const made = idOf(pack(4));
  expect(moved()).toEqual({ 'first in main': promised });
  refuses(
    carryOut,
    { action: 'salesorder.void', input: { id } },
    { action: 'package.deliver', input: { id: made } },
  );

  const changes = carryOut({ action: 'package.ship', input: { id: made } });
  expect(changes.map(({ document, event }) => `${document.type} ${event}`)).toEqual([
    'shipment_order created',
    'package updated',
    'salesorder updated',
  ]);
  const shipped = { 'first in main': { committed: 10, physicalCommitted: 6, physicalOnHand: -4 } };
  expect(moved()).toEqual(shipped);
  carryOut({ action: 'package.deliver', input: { id: made } });
  expect(moved()).toEqual(shipped);
  expect(findDocument(organisation, 'salesorder', id)?.lines[0]).toMatchObject({
    packed: 4_000_000n,
    shipped: 4_000_000n,
    delivered: 4_000_000n,
  });

  carryOut({ action: 'shipment_order.delete', input: { id: changes[0]?.document.id ?? '' } });
  expect(moved()).toEqual({ 'first in main': promised });
  carryOut({ action: 'package.delete', input: { id: made } });
  expect(findDocument(organisation, 'salesorder', id)?.lines[0]).toMatchObject({
    packed: 0n,
    shipped: 0n,
    delivered: 0n,
  });
});

it('a sales return moves nothing, its receives fill the shelf, credit-only lines never do', () => {
  const { carryOut, idOf, moved } = start();
  const lines = [...content(5).lines, { itemId: SECOND_ITEM_ID, quantity: 2, warehouseId: NORTH }];
  const id = idOf({ action: 'salesreturn.create', input: { ...content(5), lines, creditOnly: [1] } });
  const receive = (line: number, quantity: number): Order => ({
    action: 'salesreturn.receive',
    input: { id, lines: [{ line, quantity }] },
  });
  expect(moved()).toEqual({});
  const changes = carryOut(receive(0, 3));
  expect(changes.map(({ document }) => document.type)).toEqual(['salesreturnreceive', 'salesreturn']);
  expect(moved()).toEqual({ 'first in main': { physicalOnHand: 3 } });
  refuses(carryOut, receive(0, 2.5), receive(1, 1), { action: 'salesreturn.delete', input: { id } });
  carryOut(receive(0, 2));
  expect(moved()).toEqual({ 'first in main': { physicalOnHand: 5 } });
  carryOut({ action: 'salesreturnreceive.delete', input: { id: changes[0]?.document.id ?? '' } });
  expect(moved()).toEqual({ 'first in main': { physicalOnHand: 2 } });
});

it('a transfer order moves from one warehouse, on the way, into another, in parts, and creates nothing', () => {
  const { carryOut, idOf, moved } = start();
  const route = { ...content(6), destinationId: NORTH };
  const id = idOf({ action: 'transfer_order.create', input: { ...route, status: 'draft' } });
  expect(moved()).toEqual({});
  carryOut({ action: 'transfer_order.send', input: { id } });
  carryOut({ action: 'transfer_order.edit', input: { id, line: 0, quantity: 8 } });
  const left = { onHand: -8, physicalOnHand: -8 };
  expect(moved()).toEqual({ 'first in main': left, 'first in north': { inTransit: 8 } });
  carryOut({ action: 'transfer_order.receive', input: { id, lines: [{ line: 0, quantity: 2.5 }] } });
  expect(moved()).toEqual({
    'first in main': left,
    'first in north': { onHand: 2.5, physicalOnHand: 2.5, inTransit: 5.5 },
  });
  refuses(
    carryOut,
    { action: 'transfer_order.receive', input: { id, lines: [{ line: 0, quantity: 6 }] } },
    { action: 'transfer_order.edit', input: { id, line: 0, quantity: 9 } },
    { action: 'transfer_order.create', input: { ...route, destinationId: MAIN } },
  );
  carryOut({ action: 'transfer_order.receive', input: { id } });
  expect(moved()).toEqual({
    'first in main': left,
    'first in north': { onHand: 8, physicalOnHand: 8 },
  });
  carryOut({ action: 'transfer_order.delete', input: { id } });
  expect(moved()).toEqual({});
});

it('a bundle brings its composite item and takes its parts, both ledgers, once it is completed', () => {
  const { carryOut, idOf, moved, service } = start();
  const input = { ...content(0.375), compositeId: SECOND_ITEM_ID, quantity: 3 };
  const id = idOf({ action: 'bundle.create', input: { ...input, status: 'draft' } });
  expect(moved()).toEqual({});
  carryOut({ action: 'bundle.complete', input: { id } });
  expect(moved()).toEqual({
    'first in main': { onHand: -1.125, physicalOnHand: -1.125 },
    'second in main': { onHand: 3, physicalOnHand: 3 },
  });
  carryOut({ action: 'bundle.delete', input: { id } });
  expect(moved()).toEqual({});
  refuses(
    carryOut,
    { action: 'bundle.create', input: { ...input, compositeId: FIRST_ITEM_ID } },
    { action: 'bundle.create', input: { ...input, compositeId: service } },
  );
});

it('an item comes with no stock, and takes its stock along when it goes', () => {
  const { organisation, carryOut, idOf } = start();
  const count = () => organisation.stock.levels.size;
  const before = count();
  const id = idOf({ action: 'item.create', input: { name: 'Kettle' } });
  expect(count()).toBe(before + 3);
  carryOut({ action: 'bill.create', input: content(3, id) });
  carryOut({ action: 'item.deactivate', input: { id } });
  refuses(
    carryOut,
    { action: 'bill.create', input: content(3, id) },
    { action: 'item.deactivate', input: { id } },
  );
  carryOut({ action: 'item.delete', input: { id } });
  expect(count()).toBe(before);
  refuses(
    carryOut,
    { action: 'bill.create', input: content(3, id) },
    { action: 'item.update', input: { id } },
  );
});
