import type { Bill } from '../organisation/documents';
import { move } from '../organisation/stock';
import { toMillionths } from '../quantity';
import {
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
} from './booking';

/** A bill brings accounting stock while it is open. */
export const billBookings = {
  'bill.create': booking(newDocument, (organisation, input, at) => {
    checkLines(organisation, input);
    const bill: Bill = {
      ...newHeader(organisation, input, 'BILL', at),
      type: 'bill',
      status: 'open',
      lines: input.lines.map((line) => newLine(organisation, line)),
    };
    for (const line of bill.lines) move(organisation.stock, line, 'onHand', line.quantity);
    return [created(organisation, bill)];
  }),
  'bill.edit': booking(lineEdit, (organisation, input, at) => {
    const bill = documentIn(organisation, 'bill', input.id, 'open');
    const line = lineIn(bill, input.line);
    const more = toMillionths(input.quantity) - line.quantity;
    line.quantity += more;
    move(organisation.stock, line, 'onHand', more);
    return [changed(organisation, bill, 'updated', at)];
  }),
  'bill.void': booking(byId, (organisation, { id }, at) => {
    const bill = documentIn(organisation, 'bill', id, 'open');
    bill.status = 'void';
    for (const line of bill.lines) move(organisation.stock, line, 'onHand', -line.quantity);
    return [changed(organisation, bill, 'voided', at)];
  }),
};
