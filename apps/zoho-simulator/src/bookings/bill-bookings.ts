import { z } from 'zod';
import type { Bill } from '../organisation/documents';
import {
  booking,
  byId,
  changed,
  checkLines,
  created,
  documentIn,
  lineEdit,
  newDocument,
  newHeader,
  newLine,
} from './booking';
import { become, countAll, editLine, remove } from './counted-lines';

const live = ['open', 'overdue', 'partially_paid', 'paid'] as const;

/** A bill brings accounting stock from when it is open, paid or not, until it is void. */
export const billBookings = {
  'bill.create': booking(
    newDocument.extend({ status: z.enum(['draft', 'open']).default('open') }),
    (organisation, input, at) => {
      checkLines(organisation, input);
      const bill: Bill = {
        ...newHeader(organisation, input, 'bill', at),
        status: input.status,
        lines: input.lines.map((line) => newLine(organisation, line)),
      };
      countAll(organisation, bill, 'in');
      return [created(organisation, bill)];
    },
  ),
  'bill.edit': booking(lineEdit, (organisation, { id, ...edit }, at) =>
    editLine(organisation, documentIn(organisation, 'bill', id, 'draft', 'open', 'overdue'), edit, at),
  ),
  /** Opens a draft, pays, or lets it fall due. */
  'bill.mark': booking(byId.extend({ status: z.enum(live) }), (organisation, { id, status }, at) => {
    const bill = documentIn(organisation, 'bill', id, 'draft', ...live);
    become(organisation, bill, status);
    return [changed(organisation, bill, 'updated', at)];
  }),
  'bill.void': booking(byId, (organisation, { id }, at) => {
    const bill = documentIn(organisation, 'bill', id, ...live);
    become(organisation, bill, 'void');
    return [changed(organisation, bill, 'voided', at)];
  }),
  'bill.delete': booking(byId, (organisation, { id }, at) =>
    remove(organisation, documentIn(organisation, 'bill', id), at),
  ),
};
