import { z } from 'zod';
import type { Invoice, LineOfOrder } from '../organisation/documents';
import { findDocument, type Organisation } from '../organisation/organisation';
import { move } from '../organisation/stock';
import { type Millionths, toMillionths } from '../quantity';
import {
  booking,
  byId,
  type Change,
  changed,
  checkLines,
  created,
  documentIn,
  lineEdit,
  lineIn,
  newDocument,
  newHeader,
  newLine,
} from './booking';
import { countOn } from './order-counters';

/** An invoice takes accounting stock when it is sent, and gives it back when it is voided or deleted. */
export const invoiceBookings = {
  'invoice.create': booking(
    newDocument.extend({ status: z.enum(['draft', 'sent']) }),
    (organisation, input, at) => {
      checkLines(organisation, input);
      const invoice: Invoice = {
        ...newHeader(organisation, input, 'invoice', at),
        status: input.status,
        lines: input.lines.map((line) => newLine(organisation, line)),
      };
      if (invoice.status === 'sent') takeStock(organisation, invoice);
      return [created(organisation, invoice)];
    },
  ),
  'invoice.send': booking(byId, (organisation, { id }, at) => {
    const invoice = documentIn(organisation, 'invoice', id, 'draft');
    invoice.status = 'sent';
    takeStock(organisation, invoice);
    return [changed(organisation, invoice, 'updated', at)];
  }),
  'invoice.pay': booking(byId, (organisation, { id }, at) => {
    const invoice = documentIn(organisation, 'invoice', id, 'sent');
    invoice.status = 'paid';
    return [changed(organisation, invoice, 'updated', at)];
  }),
  'invoice.edit': booking(lineEdit, (organisation, input, at) => {
    const invoice = documentIn(organisation, 'invoice', input.id, 'draft', 'sent');
    const line = lineIn(invoice, input.line);
    const more = toMillionths(input.quantity) - line.quantity;
    line.quantity += more;
    const counted: InvoicedMore[] = [];
    if (invoice.status === 'sent') {
      move(organisation.stock, line, 'onHand', -more);
      counted.push([line, more]);
    }
    return [
      changed(organisation, invoice, 'updated', at),
      ...tellOrder(organisation, invoice.orderId, counted, at),
    ];
  }),
  'invoice.void': booking(byId, (organisation, { id }, at) => {
    const invoice = documentIn(organisation, 'invoice', id, 'sent', 'paid');
    invoice.status = 'void';
    const given = giveBack(organisation, invoice);
    return [
      changed(organisation, invoice, 'voided', at),
      ...tellOrder(organisation, invoice.orderId, given, at),
    ];
  }),
  'invoice.delete': booking(byId, (organisation, { id }, at) => {
    const invoice = documentIn(organisation, 'invoice', id);
    organisation.documents.delete(id);
    const isCounted = invoice.status === 'sent' || invoice.status === 'paid';
    const given = isCounted ? giveBack(organisation, invoice) : [];
    return [
      changed(organisation, invoice, 'deleted', at),
      ...tellOrder(organisation, invoice.orderId, given, at),
    ];
  }),
};

/** An invoice line and how much more of it is invoiced than before; less, when negative. */
type InvoicedMore = readonly [line: LineOfOrder, more: Millionths];

export const takeStock = (organisation: Organisation, invoice: Invoice): void => {
  for (const line of invoice.lines) move(organisation.stock, line, 'onHand', -line.quantity);
};

const giveBack = (organisation: Organisation, invoice: Invoice): InvoicedMore[] =>
  invoice.lines.map((line) => {
    move(organisation.stock, line, 'onHand', line.quantity);
    return [line, -line.quantity];
  });

/** What was invoiced from a sales order counts there too, which makes a new version of the order. */
const tellOrder = (
  organisation: Organisation,
  orderId: string | undefined,
  counted: readonly InvoicedMore[],
  at: number,
): Change[] => {
  const order = findDocument(organisation, 'salesorder', orderId ?? '');
  if (!order || counted.length === 0) return [];
  for (const [line, more] of counted) {
    const ordered = order.lines.find((candidate) => candidate.id === line.orderLineId);
    if (ordered) countOn(organisation, order, ordered, 'invoiced', more);
  }
  return [changed(organisation, order, 'updated', at)];
};
