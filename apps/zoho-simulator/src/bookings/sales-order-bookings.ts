import { z } from 'zod';
import type { Invoice, LineOfOrder, SalesOrder } from '../organisation/documents';
import { nextId } from '../organisation/organisation';
import { toMillionths } from '../quantity';
import {
  BookingRefused,
  booking,
  byId,
  changed,
  checkLines,
  created,
  documentIn,
  lineEdit,
  lineIn,
  newDocument,
  newHeader,
  newLine,
  partsOfLines,
} from './booking';
import { takeStock } from './invoice-bookings';
import { commit, countOn, handCounters, reckon, release } from './order-counters';

const uncounted = {
  invoiced: 0n,
  cancelled: 0n,
  packed: 0n,
  shipped: 0n,
  delivered: 0n,
  manuallyFulfilled: 0n,
  dropshipped: 0n,
};

/** A sales order promises stock while it is confirmed. */
export const salesOrderBookings = {
  'salesorder.create': booking(newDocument, (organisation, input, at) => {
    checkLines(organisation, input);
    const order: SalesOrder = {
      ...newHeader(organisation, input, 'salesorder', at),
      status: 'draft',
      lines: input.lines.map((line) => ({ ...newLine(organisation, line), ...uncounted })),
      invoiceIds: [],
      packageIds: [],
    };
    return [created(organisation, order)];
  }),
  'salesorder.confirm': booking(byId, (organisation, { id }, at) => {
    const order = documentIn(organisation, 'salesorder', id, 'draft');
    order.status = 'confirmed';
    commit(organisation, order);
    return [changed(organisation, order, 'updated', at)];
  }),
  'salesorder.edit': booking(lineEdit, (organisation, input, at) => {
    const order = documentIn(organisation, 'salesorder', input.id, 'draft', 'confirmed');
    reckon(organisation, order, lineIn(order, input.line), { quantity: toMillionths(input.quantity) });
    return [changed(organisation, order, 'updated', at)];
  }),
  /** Makes a real invoice, sent, over these quantities of these lines; it may be more than was ordered. */
  'salesorder.invoice': booking(byId.extend({ lines: partsOfLines }), (organisation, input, at) => {
    const order = documentIn(organisation, 'salesorder', input.id, 'confirmed');
    const ordered = input.lines.map((wanted) => ({
      line: lineIn(order, wanted.line),
      quantity: toMillionths(wanted.quantity),
    }));
    const invoice: Invoice = {
      ...newHeader(organisation, order, 'invoice', at),
      status: 'sent',
      orderId: order.id,
      lines: ordered.map(({ line, quantity: invoiced }): LineOfOrder => {
        const { itemId, warehouseId } = line;
        return { id: nextId(organisation), itemId, warehouseId, quantity: invoiced, orderLineId: line.id };
      }),
    };
    order.invoiceIds.push(invoice.id);
    takeStock(organisation, invoice);
    for (const { line, quantity: invoiced } of ordered)
      countOn(organisation, order, line, 'invoiced', invoiced);
    return [created(organisation, invoice), changed(organisation, order, 'updated', at)];
  }),
  /** Raises what was cancelled, fulfilled by hand or sent by the vendor. */
  'salesorder.count': booking(
    lineEdit.extend({ counter: z.enum(handCounters) }),
    (organisation, input, at) => {
      const order = documentIn(organisation, 'salesorder', input.id, 'confirmed');
      const line = lineIn(order, input.line);
      reckon(organisation, order, line, {
        [input.counter]: line[input.counter] + toMillionths(input.quantity),
      });
      return [changed(organisation, order, 'updated', at)];
    },
  ),
  'salesorder.close': booking(byId, (organisation, { id }, at) => {
    const order = documentIn(organisation, 'salesorder', id, 'confirmed');
    release(organisation, order);
    order.status = 'closed';
    return [changed(organisation, order, 'updated', at)];
  }),
  'salesorder.void': booking(byId, (organisation, { id }, at) => {
    const order = documentIn(organisation, 'salesorder', id, 'draft', 'confirmed');
    if (order.lines.some((line) => line.invoiced > 0n || line.packed > 0n))
      throw new BookingRefused('not_allowed', `salesorder ${id} has been invoiced or packed`);
    if (order.status === 'confirmed') release(organisation, order);
    order.status = 'void';
    return [changed(organisation, order, 'voided', at)];
  }),
  'salesorder.delete': booking(byId, (organisation, { id }, at) => {
    const order = documentIn(organisation, 'salesorder', id, 'draft', 'void');
    organisation.documents.delete(id);
    return [changed(organisation, order, 'deleted', at)];
  }),
};
