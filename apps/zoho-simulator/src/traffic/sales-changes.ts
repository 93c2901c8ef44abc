import { handCounters, toInvoice } from '../bookings/order-counters';
import type { Order } from '../bookings/registry';
import type { Invoice, Package, SalesOrder } from '../organisation/documents';
import type { Organisation } from '../organisation/organisation';
import { toUnits } from '../quantity';
import type { Random } from '../random';
import { anEdit } from './an-edit';
import { randomQuantity } from './random-lines';

type InvoiceVerb = 'send' | 'edit' | 'pay' | 'void' | 'delete';

const invoiceVerbs = {
  draft: [
    ['send', 6],
    ['edit', 2],
    ['delete', 1],
  ],
  sent: [
    ['edit', 6],
    ['pay', 2],
    ['void', 2],
    ['delete', 1],
  ],
  paid: [
    ['void', 2],
    ['delete', 1],
  ],
  void: [['delete', 1]],
} as const;

export const changeInvoice = (organisation: Organisation, random: Random, invoice: Invoice): Order => {
  const { id, status } = invoice;
  const verb = random.weighted<InvoiceVerb>(invoiceVerbs[status]);
  if (verb === 'edit') return { action: 'invoice.edit', input: anEdit(organisation, random, invoice) };
  return { action: `invoice.${verb}`, input: { id } };
};

export const changePackage = (random: Random, { id, status, shipmentId }: Package): Order => {
  if (status === 'not_shipped')
    return { action: random.chance(0.85) ? 'package.ship' : 'package.delete', input: { id } };
  if (status === 'shipped' && random.chance(0.8)) return { action: 'package.deliver', input: { id } };
  return { action: 'shipment_order.delete', input: { id: shipmentId ?? '' } };
};

type OrderVerb = 'confirm' | 'invoice' | 'edit' | 'count' | 'close' | 'void' | 'delete';

const orderVerbs = {
  draft: [
    ['confirm', 8],
    ['edit', 2],
    ['void', 1],
    ['delete', 1],
  ],
  confirmed: [
    ['invoice', 6],
    ['edit', 3],
    ['count', 2],
    ['close', 2],
    ['void', 1],
  ],
  void: [['delete', 1]],
} as const;

export const changeSalesOrder = (
  organisation: Organisation,
  random: Random,
  order: SalesOrder,
): Order | undefined => {
  const { id, status } = order;
  if (status === 'closed') return undefined;
  const verb = random.weighted<OrderVerb>(orderVerbs[status]);
  // Zoho refuses to void what has been invoiced or packed.
  if (verb === 'void' && order.lines.some((line) => line.invoiced > 0n || line.packed > 0n)) return undefined;
  switch (verb) {
    case 'edit':
      return { action: 'salesorder.edit', input: anEdit(organisation, random, order) };
    case 'count': {
      const counter = random.pick(handCounters);
      return { action: 'salesorder.count', input: { ...anEdit(organisation, random, order), counter } };
    }
    case 'invoice':
      return invoiceOrder(organisation, random, order);
    default:
      return { action: `salesorder.${verb}`, input: { id } };
  }
};

/** Some of what is open, all of it, or, once in a while, more of one line than was ordered. */
const invoiceOrder = (organisation: Organisation, random: Random, order: SalesOrder): Order => {
  const { id } = order;
  const isWhole = random.chance(0.5);
  const lines = order.lines.flatMap((line, index) => {
    const open = toUnits(toInvoice(line));
    if (open === 0 || (!isWhole && random.chance(0.5))) return [];
    const part = randomQuantity(random, organisation.itemById.get(line.itemId));
    return [{ line: index, quantity: isWhole ? open : Math.min(open, part) }];
  });
  if (lines.length > 0) return { action: 'salesorder.invoice', input: { id, lines } };
  const { line, quantity } = anEdit(organisation, random, order);
  return { action: 'salesorder.invoice', input: { id, lines: [{ line, quantity }] } };
};
