import { trueLevels } from '../control/truth';
import { FIRST_ITEM_ID } from '../organisation/catalogue';
import { newOrganisation } from '../organisation/organisation';
import { BookingRefused } from './booking';
import { book, type Order } from './registry';

const MAIN = '2646610000000077024';
const NORTH = '2646610000000077025';

/** An organisation with 120 of the first item in the main warehouse, and what bookings make of it. */
const start = () => {
  const organisation = newOrganisation({ items: 30, seed: 1 });
  const carryOut = (order: Order): string => {
    const [change] = book(organisation, { at: 1_700_000_000, ...order });
    return change?.document.id ?? '';
  };
  const level = () => trueLevels(organisation, organisation.items.slice(0, 1))[0];
  const service = organisation.items.find((item) => item.isService)?.id ?? '';
  return { organisation, carryOut, level, service };
};

const content = (quantity: number, itemId = FIRST_ITEM_ID) => ({
  contact: 0,
  branchId: NORTH,
  naming: 'line_warehouse' as const,
  lines: [{ itemId, quantity, warehouseId: MAIN }],
});

it('starts from 120 of the first item in the main warehouse', () => {
  expect(start().level()).toMatchObject({ onHand: 120, physicalOnHand: 120, committed: 0, inTransit: 0 });
});

it('an invoice takes accounting stock when sent, by difference when edited, none when void', () => {
  const { carryOut, level } = start();
  const id = carryOut({ action: 'invoice.create', input: { ...content(3), status: 'draft' } });
  expect(level()?.onHand).toBe(120);
  carryOut({ action: 'invoice.send', input: { id } });
  expect(level()).toMatchObject({ onHand: 117, physicalOnHand: 120 });
  carryOut({ action: 'invoice.edit', input: { id, line: 0, quantity: 0.1 } });
  expect(level()?.onHand).toBe(119.9);
  carryOut({ action: 'invoice.void', input: { id } });
  expect(level()?.onHand).toBe(120);
  carryOut({ action: 'invoice.delete', input: { id } });
  expect(level()?.onHand).toBe(120);
});

it('a bill brings accounting stock until it is void', () => {
  const { carryOut, level } = start();
  const id = carryOut({ action: 'bill.create', input: content(5) });
  expect(level()).toMatchObject({ onHand: 125, physicalOnHand: 120 });
  carryOut({ action: 'bill.void', input: { id } });
  expect(level()?.onHand).toBe(120);
});

it('a sales order promises while it is confirmed, less what is invoiced, never below 0', () => {
  const { carryOut, level } = start();
  const id = carryOut({ action: 'salesorder.create', input: content(10) });
  expect(level()).toMatchObject({ committed: 0, physicalCommitted: 0 });
  carryOut({ action: 'salesorder.confirm', input: { id } });
  expect(level()).toMatchObject({ committed: 10, physicalCommitted: 10 });
  const invoice = carryOut({
    action: 'salesorder.invoice',
    input: { id, lines: [{ line: 0, quantity: 4 }] },
  });
  expect(level()).toMatchObject({ onHand: 116, committed: 6, physicalCommitted: 10 });
  carryOut({ action: 'invoice.edit', input: { id: invoice, line: 0, quantity: 15 } });
  expect(level()).toMatchObject({ onHand: 105, committed: 0, physicalCommitted: 10 });
  carryOut({ action: 'invoice.void', input: { id: invoice } });
  expect(level()).toMatchObject({ onHand: 120, committed: 10 });
  carryOut({ action: 'salesorder.count', input: { id, line: 0, quantity: 2, counter: 'cancelled' } });
  carryOut({ action: 'salesorder.count', input: { id, line: 0, quantity: 3, counter: 'dropshipped' } });
  carryOut({ action: 'salesorder.count', input: { id, line: 0, quantity: 1, counter: 'manuallyFulfilled' } });
  expect(level()).toMatchObject({ committed: 8, physicalCommitted: 4 });
  carryOut({ action: 'salesorder.close', input: { id } });
  expect(level()).toMatchObject({ committed: 0, physicalCommitted: 0 });
});

it('a quantity adjustment moves both ledgers, a value adjustment none', () => {
  const { carryOut, level } = start();
  const create = (mode: 'quantity' | 'value') =>
    carryOut({
      action: 'inventory_adjustment.create',
      input: { ...content(1), lines: [{ itemId: FIRST_ITEM_ID, quantity: -2.375, warehouseId: MAIN }], mode },
    });
  create('value');
  expect(level()).toMatchObject({ onHand: 120, physicalOnHand: 120 });
  const id = create('quantity');
  expect(level()).toMatchObject({ onHand: 117.625, physicalOnHand: 117.625 });
  carryOut({ action: 'inventory_adjustment.delete', input: { id } });
  expect(level()).toMatchObject({ onHand: 120, physicalOnHand: 120 });
});

it('a service moves nothing and has no level', () => {
  const { organisation, carryOut, service } = start();
  const before = trueLevels(organisation, organisation.items);
  carryOut({ action: 'invoice.create', input: { ...content(3, service), status: 'sent' } });
  expect(trueLevels(organisation, organisation.items)).toEqual(before);
  expect(before.some((level) => level.itemId === service)).toBe(false);
});

it('what is refused changes nothing', () => {
  const { organisation, carryOut, level } = start();
  const id = carryOut({ action: 'invoice.create', input: { ...content(3), status: 'sent' } });
  const before = organisation.bookings;
  const refused: Order[] = [
    { action: 'invoice.send', input: { id } },
    { action: 'invoice.edit', input: { id, line: 9, quantity: 1 } },
    { action: 'invoice.void', input: { id: '1' } },
    { action: 'bill.create', input: content(1, '2646610000000000001') },
    { action: 'bill.create', input: { ...content(1), naming: 'header' } },
  ];
  for (const order of refused) expect(() => carryOut(order)).toThrow(BookingRefused);
  expect(organisation.bookings).toBe(before);
  expect(level()?.onHand).toBe(117);
});
