import type { Document, Line } from '../organisation/documents';
import type { Organisation } from '../organisation/organisation';
import { move, type QuantityName } from '../organisation/stock';
import { type Millionths, toMillionths } from '../quantity';
import { type Change, changed, lineIn } from './booking';

/** Documents whose lines each move the same quantities by what they hold, while the document counts. */
export type CountedDocument = Extract<
  Document,
  { type: 'bill' | 'creditnote' | 'vendor_credit' | 'purchase_receive' | 'package' }
>;

type Counting = Readonly<{ quantity: QuantityName; direction: 1n | -1n; while: readonly string[] }>;

const counting: Readonly<Record<CountedDocument['type'], Counting>> = {
  bill: { quantity: 'onHand', direction: 1n, while: ['open', 'overdue', 'partially_paid', 'paid'] },
  creditnote: { quantity: 'onHand', direction: 1n, while: ['open', 'closed'] },
  vendor_credit: { quantity: 'onHand', direction: -1n, while: ['open', 'closed'] },
  purchase_receive: { quantity: 'physicalOnHand', direction: 1n, while: ['received'] },
  package: { quantity: 'physicalOnHand', direction: -1n, while: ['shipped', 'delivered'] },
};

/** Moves what the whole document holds, if it counts: in, or out again. */
export const countAll = (organisation: Organisation, document: CountedDocument, way: 'in' | 'out'): void => {
  for (const line of document.lines)
    countMore(organisation, document, line, way === 'in' ? line.quantity : -line.quantity);
};

const countMore = (
  organisation: Organisation,
  document: CountedDocument,
  line: Line,
  more: Millionths,
): void => {
  const { quantity, direction, while: statuses } = counting[document.type];
  if (statuses.includes(document.status)) move(organisation.stock, line, quantity, direction * more);
};

/** Gives the document another status: its stock moves if it counts from now on, or no more. */
export const become = <D extends CountedDocument>(
  organisation: Organisation,
  document: D,
  status: D['status'],
): void => {
  countAll(organisation, document, 'out');
  document.status = status;
  countAll(organisation, document, 'in');
};

/** Another quantity for one of its lines. */
export const editLine = (
  organisation: Organisation,
  document: CountedDocument,
  edit: Readonly<{ line: number; quantity: number }>,
  at: number,
): Change[] => {
  const line = lineIn<Line>(document, edit.line);
  const more = toMillionths(edit.quantity) - line.quantity;
  line.quantity += more;
  countMore(organisation, document, line, more);
  return [changed(organisation, document, 'updated', at)];
};

/** Takes the document away, with what it holds. */
export const remove = (organisation: Organisation, document: CountedDocument, at: number): Change[] => {
  organisation.documents.delete(document.id);
  countAll(organisation, document, 'out');
  return [changed(organisation, document, 'deleted', at)];
};
