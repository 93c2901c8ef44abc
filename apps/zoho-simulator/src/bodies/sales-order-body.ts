import { contactAt, customers } from '../organisation/contacts';
import type { OrderLine, SalesOrder } from '../organisation/documents';
import { findDocument, type Organisation } from '../organisation/organisation';
import { toUnits } from '../quantity';
import { customerBody, headerBody, totals } from './header-body';
import { tradeLine } from './line-body';

export const salesOrderBody = (organisation: Organisation, order: SalesOrder) => ({
  salesorder_id: order.id,
  salesorder_number: order.number,
  ...headerBody(order),
  ...statuses(order),
  shipment_date: '',
  delivery_method: '',
  ...customerBody(contactAt(customers, order.contact)),
  is_backordered: false,
  is_dropshipped: order.lines.some((line) => line.dropshipped > 0n),
  line_items: order.lines.map((line, index) => ({
    ...tradeLine(organisation, order, line, index),
    ...counters(line),
    is_invoiced: line.invoiced >= line.quantity,
  })),
  ...totals(organisation, order),
  invoices: order.invoiceIds
    .flatMap((id) => findDocument(organisation, 'invoice', id) ?? [])
    .map(({ id, number, status }) => ({ invoice_id: id, invoice_number: number, status })),
  packages: order.packageIds
    .flatMap((id) => findDocument(organisation, 'package', id) ?? [])
    .map(({ id, number, status }) => ({ package_id: id, package_number: number, status })),
  purchaseorders: [],
  notes: '',
  terms: '',
});

/** `status` goes with what is invoiced while the order is live, `order_status` does not. */
const statuses = (order: SalesOrder) => {
  const isAll = order.lines.every((line) => line.invoiced + line.cancelled >= line.quantity);
  const isSome = order.lines.some((line) => line.invoiced > 0n);
  const invoiced = !isSome ? 'not_invoiced' : isAll ? 'invoiced' : 'partially_invoiced';
  return {
    status: order.status === 'confirmed' && isSome ? invoiced : order.status,
    order_status: order.status,
    invoiced_status: invoiced,
    paid_status: 'unpaid',
    shipped_status: shippedStatus(order),
  };
};

const shippedStatus = (order: SalesOrder): string => {
  if (order.lines.every((line) => line.shipped === 0n)) return '';
  return order.lines.every((line) => line.shipped >= line.quantity) ? 'shipped' : 'partially_shipped';
};

const counters = (line: OrderLine) => ({
  quantity_packed: toUnits(line.packed),
  quantity_shipped: toUnits(line.shipped),
  quantity_delivered: toUnits(line.delivered),
  quantity_invoiced: toUnits(line.invoiced),
  quantity_invoiced_cancelled: 0,
  quantity_cancelled: toUnits(line.cancelled),
  quantity_returned: 0,
  quantity_backordered: 0,
  quantity_dropshipped: toUnits(line.dropshipped),
  quantity_manuallyfulfilled: toUnits(line.manuallyFulfilled),
});
