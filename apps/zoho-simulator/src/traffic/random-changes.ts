import type { Order } from '../bookings/registry';
import type {
  Adjustment,
  Bill,
  Bundle,
  CreditNote,
  DocumentOf,
  PurchaseReceive,
  SalesReturn,
  TransferOrder,
  VendorCredit,
} from '../organisation/documents';
import type { Organisation } from '../organisation/organisation';
import { lesser, toMillionths, toUnits } from '../quantity';
import type { Random } from '../random';
import { anEdit } from './an-edit';
import { randomQuantity } from './random-lines';
import { changeInvoice, changePackage, changeSalesOrder } from './sales-changes';
import type { TrafficDocumentType } from './scope';

/** Something that can happen to the document as it is now, if anything can. */
export const randomChange = (
  organisation: Organisation,
  random: Random,
  document: DocumentOf<TrafficDocumentType>,
): Order | undefined => {
  switch (document.type) {
    case 'invoice':
      return changeInvoice(organisation, random, document);
    case 'salesorder':
      return changeSalesOrder(organisation, random, document);
    case 'package':
      return changePackage(random, document);
    case 'bill':
      return changeBill(organisation, random, document);
    case 'creditnote':
    case 'vendor_credit':
      return changeCredit(organisation, random, document);
    case 'purchase_receive':
      return changeReceive(organisation, random, document);
    case 'salesreturn':
      return changeReturn(organisation, random, document);
    case 'transfer_order':
      return changeTransfer(organisation, random, document);
    case 'bundle':
      return changeBundle(random, document);
    case 'inventory_adjustment':
      return changeAdjustment(organisation, random, document);
  }
};

const changeBill = (organisation: Organisation, random: Random, bill: Bill): Order => {
  const { id, status } = bill;
  if (status === 'void') return { action: 'bill.delete', input: { id } };
  const verb = random.weighted([
    ['edit', 6],
    ['mark', 3],
    ['void', 2],
    ['delete', 1],
  ] as const);
  if (status === 'draft') return { action: 'bill.mark', input: { id, status: 'open' } };
  if (verb === 'mark')
    return {
      action: 'bill.mark',
      input: { id, status: random.pick(['overdue', 'partially_paid', 'paid'] as const) },
    };
  if (verb !== 'edit') return { action: `bill.${verb}`, input: { id } };
  if (status === 'open' || status === 'overdue')
    return { action: 'bill.edit', input: anEdit(organisation, random, bill) };
  return { action: 'bill.void', input: { id } };
};

const changeCredit = (
  organisation: Organisation,
  random: Random,
  credit: CreditNote | VendorCredit,
): Order => {
  const { id, status, type } = credit;
  if (status === 'void') return { action: `${type}.delete`, input: { id } };
  const verb = random.weighted([
    ['edit', 5],
    ['mark', 4],
    ['void', 2],
    ['delete', 1],
  ] as const);
  const next = status === 'open' ? 'closed' : 'open';
  if (verb === 'edit' && status !== 'closed')
    return { action: `${type}.edit`, input: anEdit(organisation, random, credit) };
  if (verb === 'void' && status !== 'draft') return { action: `${type}.void`, input: { id } };
  if (verb === 'delete') return { action: `${type}.delete`, input: { id } };
  return { action: `${type}.mark`, input: { id, status: next } };
};

const changeReceive = (organisation: Organisation, random: Random, receive: PurchaseReceive): Order => {
  const { id, status } = receive;
  if (status === 'in_transit' && random.chance(0.7))
    return { action: 'purchase_receive.receive', input: { id } };
  if (random.chance(0.3)) return { action: 'purchase_receive.delete', input: { id } };
  return { action: 'purchase_receive.edit', input: anEdit(organisation, random, receive) };
};

const changeReturn = (organisation: Organisation, random: Random, made: SalesReturn): Order | undefined => {
  const { id } = made;
  const [newest] = made.receiveIds.slice(-1);
  if (newest !== undefined && random.chance(0.2))
    return { action: 'salesreturnreceive.delete', input: { id: newest } };
  if (newest === undefined && random.chance(0.1)) return { action: 'salesreturn.delete', input: { id } };
  const isWhole = random.chance(0.5);
  const lines = made.lines.flatMap((line, index) => {
    const open = line.quantity - line.creditOnly - line.received;
    if (open === 0n || (!isWhole && random.chance(0.5))) return [];
    return [{ line: index, quantity: part(organisation, random, line.itemId, open, isWhole) }];
  });
  return lines.length === 0 ? undefined : { action: 'salesreturn.receive', input: { id, lines } };
};

const changeTransfer = (organisation: Organisation, random: Random, order: TransferOrder): Order => {
  const { id, status } = order;
  if (status === 'transferred' || random.chance(0.1))
    return { action: 'transfer_order.delete', input: { id } };
  if (status === 'draft' && random.chance(0.7)) return { action: 'transfer_order.send', input: { id } };
  if (status === 'draft' || (status === 'in_transit' && random.chance(0.2)))
    return { action: 'transfer_order.edit', input: anEdit(organisation, random, order) };
  const lines = order.lines.flatMap((line, index) => {
    const open = line.quantity - line.received;
    if (open === 0n || random.chance(0.5)) return [];
    return [{ line: index, quantity: part(organisation, random, line.itemId, open, false) }];
  });
  return { action: 'transfer_order.receive', input: lines.length === 0 ? { id } : { id, lines } };
};

const changeBundle = (random: Random, { id, status }: Bundle): Order =>
  status === 'draft' && random.chance(0.8)
    ? { action: 'bundle.complete', input: { id } }
    : { action: 'bundle.delete', input: { id } };

const changeAdjustment = (organisation: Organisation, random: Random, adjustment: Adjustment): Order => {
  const { id } = adjustment;
  if (random.chance(0.5)) return { action: 'inventory_adjustment.delete', input: { id } };
  const edit = anEdit(organisation, random, adjustment);
  const quantity = random.chance(0.5) ? edit.quantity : -edit.quantity;
  return { action: 'inventory_adjustment.edit', input: { ...edit, quantity } };
};

/** Units: all that is open, or some of it. */
const part = (
  organisation: Organisation,
  random: Random,
  itemId: string,
  open: bigint,
  isWhole: boolean,
): number => {
  const some = toMillionths(randomQuantity(random, organisation.itemById.get(itemId)));
  return toUnits(isWhole ? open : lesser(open, some));
};
