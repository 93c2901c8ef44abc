import type { OrderLine, SalesOrder } from '../organisation/documents';
import type { Organisation } from '../organisation/organisation';
import { move } from '../organisation/stock';
import { floorZero, type Millionths } from '../quantity';

/** Counters of a sales order line that one can raise by hand. */
export const handCounters = ['cancelled', 'manuallyFulfilled', 'dropshipped'] as const;
export type HandCounter = (typeof handCounters)[number];

/** A confirmed order promises what is still to be invoiced, and on the shelf what is still to be shipped. */
export const commit = (organisation: Organisation, order: SalesOrder): void => {
  for (const line of order.lines) promise(organisation, line, toInvoice(line), toShip(line));
};

export const release = (organisation: Organisation, order: SalesOrder): void => {
  for (const line of order.lines) promise(organisation, line, -toInvoice(line), -toShip(line));
};

/** Counters that other documents move. */
export type DocumentCounter = 'invoiced' | 'packed' | 'shipped' | 'delivered';

export const countOn = (
  organisation: Organisation,
  order: SalesOrder,
  line: OrderLine,
  counter: DocumentCounter,
  more: Millionths,
): void => reckon(organisation, order, line, { [counter]: line[counter] + more });

/** Changes a line's figures; a confirmed order's promise moves by what that opens or closes. */
export const reckon = (
  organisation: Organisation,
  order: SalesOrder,
  line: OrderLine,
  figures: Partial<Pick<OrderLine, 'quantity' | DocumentCounter | HandCounter>>,
): void => {
  const before = { toInvoice: toInvoice(line), toShip: toShip(line) };
  Object.assign(line, figures);
  if (order.status !== 'confirmed') return;
  promise(organisation, line, toInvoice(line) - before.toInvoice, toShip(line) - before.toShip);
};

export const toInvoice = (line: OrderLine): Millionths =>
  floorZero(line.quantity - line.invoiced - line.cancelled);

export const toShip = (line: OrderLine): Millionths =>
  floorZero(line.quantity - line.shipped - line.manuallyFulfilled - line.cancelled - line.dropshipped);

const promise = (
  organisation: Organisation,
  line: OrderLine,
  committed: Millionths,
  physicalCommitted: Millionths,
): void => {
  move(organisation.stock, line, 'committed', committed);
  move(organisation.stock, line, 'physicalCommitted', physicalCommitted);
};
