import { handCounters, toInvoice } from '../bookings/order-counters';
import type { Order } from '../bookings/registry';
import type {
  Adjustment,
  Bill,
  Document,
  DocumentType,
  Invoice,
  SalesOrder,
} from '../organisation/documents';
import { findDocument, type Organisation } from '../organisation/organisation';
import { toUnits } from '../quantity';
import type { Random } from '../random';
import { randomContent, randomQuantity } from './random-lines';

const typeWeights: Readonly<Record<DocumentType, number>> = {
  invoice: 4,
  salesorder: 4,
  bill: 2,
  inventory_adjustment: 1,
};
/** Changes fall on one of the newest documents of a type: old ones rest, as in life. */
const NEWEST = 1000;
/**
 * A document rests for so many bookings before it changes again, fewer while there are few: two versions in one
 * second push the simulator's clock ahead of the wall's.
 */
const LONGEST_REST = 100;
const CREATE_PROBABILITY = 0.45;

/** The next thing that happens in the organisation, with every choice made. */
export const randomOrder = (
  organisation: Organisation,
  random: Random,
  types: readonly DocumentType[],
): Order => {
  const type = random.weighted(types.map((name) => [name, typeWeights[name]] as const));
  const document = random.chance(CREATE_PROBABILITY) ? undefined : newestOne(organisation, random, type);
  return (document && randomChange(organisation, random, document)) ?? randomNew(organisation, random, type);
};

const newestOne = (organisation: Organisation, random: Random, type: DocumentType): Document | undefined => {
  const ids = organisation.idsByType[type].slice(-NEWEST);
  const document = ids.length === 0 ? undefined : findDocument(organisation, type, random.pick(ids));
  const rest = Math.min(LONGEST_REST, organisation.bookings / 4);
  return document && organisation.bookings - document.changedAfter >= rest ? document : undefined;
};

const randomNew = (organisation: Organisation, random: Random, type: DocumentType): Order => {
  const content = randomContent(organisation, random, { services: type !== 'inventory_adjustment' });
  switch (type) {
    case 'invoice':
      return {
        action: 'invoice.create',
        input: { ...content, status: random.chance(0.15) ? 'draft' : 'sent' },
      };
    case 'bill':
      return { action: 'bill.create', input: content };
    case 'salesorder':
      return { action: 'salesorder.create', input: content };
    case 'inventory_adjustment': {
      const sign = random.chance(0.5) ? 1 : -1;
      const lines = content.lines.map((line) => ({ ...line, quantity: sign * line.quantity }));
      const mode = random.chance(0.2) ? 'value' : 'quantity';
      return { action: 'inventory_adjustment.create', input: { ...content, lines, mode } };
    }
  }
};

const randomChange = (organisation: Organisation, random: Random, document: Document): Order | undefined => {
  switch (document.type) {
    case 'invoice':
      return changeInvoice(organisation, random, document);
    case 'bill':
      return changeBill(organisation, random, document);
    case 'salesorder':
      return changeSalesOrder(organisation, random, document);
    case 'inventory_adjustment':
      return changeAdjustment(organisation, random, document);
  }
};

const invoiceVerbs = {
  draft: [
    ['send', 6],
    ['edit', 2],
    ['delete', 1],
  ],
  sent: [
    ['edit', 6],
    ['void', 2],
    ['delete', 1],
  ],
  void: [['delete', 1]],
} as const;

const changeInvoice = (organisation: Organisation, random: Random, invoice: Invoice): Order => {
  const { id, status } = invoice;
  const verb = random.weighted<'send' | 'edit' | 'void' | 'delete'>(invoiceVerbs[status]);
  if (verb === 'edit') return { action: 'invoice.edit', input: anEdit(organisation, random, invoice) };
  return { action: `invoice.${verb}`, input: { id } };
};

const changeBill = (organisation: Organisation, random: Random, bill: Bill): Order | undefined => {
  if (bill.status === 'void') return undefined;
  if (random.chance(0.25)) return { action: 'bill.void', input: { id: bill.id } };
  return { action: 'bill.edit', input: anEdit(organisation, random, bill) };
};

const changeAdjustment = (organisation: Organisation, random: Random, adjustment: Adjustment): Order => {
  const { id } = adjustment;
  if (random.chance(0.5)) return { action: 'inventory_adjustment.delete', input: { id } };
  const edit = anEdit(organisation, random, adjustment);
  const quantity = random.chance(0.5) ? edit.quantity : -edit.quantity;
  return { action: 'inventory_adjustment.edit', input: { ...edit, quantity } };
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

const changeSalesOrder = (
  organisation: Organisation,
  random: Random,
  order: SalesOrder,
): Order | undefined => {
  const { id, status } = order;
  if (status === 'closed') return undefined;
  const verb = random.weighted<OrderVerb>(orderVerbs[status]);
  // Zoho refuses to void what has been invoiced.
  if (verb === 'void' && order.lines.some((line) => line.invoiced > 0n)) return undefined;
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

/** A new quantity for one line of the document. */
const anEdit = (organisation: Organisation, random: Random, document: Document) => {
  const line = random.int(0, document.lines.length - 1);
  const item = organisation.itemById.get(document.lines[line]?.itemId ?? '');
  return { id: document.id, line, quantity: randomQuantity(random, item) };
};
