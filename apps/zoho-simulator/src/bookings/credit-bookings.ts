import { z } from 'zod';
import type { CreditNote, VendorCredit } from '../organisation/documents';
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

const newCredit = newDocument.extend({ status: z.enum(['draft', 'open']).default('open') });
const mark = byId.extend({ status: z.enum(['open', 'closed']) });

/** What a customer is credited comes back into the books. */
export const creditNoteBookings = {
  'creditnote.create': booking(newCredit, (organisation, input, at) => {
    checkLines(organisation, input);
    const note: CreditNote = {
      ...newHeader(organisation, input, 'creditnote', at),
      status: input.status,
      lines: input.lines.map((line) => newLine(organisation, line)),
    };
    countAll(organisation, note, 'in');
    return [created(organisation, note)];
  }),
  'creditnote.edit': booking(lineEdit, (organisation, { id, ...edit }, at) =>
    editLine(organisation, documentIn(organisation, 'creditnote', id, 'draft', 'open'), edit, at),
  ),
  'creditnote.mark': booking(mark, (organisation, { id, status }, at) => {
    const note = documentIn(organisation, 'creditnote', id, 'draft', 'open', 'closed');
    become(organisation, note, status);
    return [changed(organisation, note, 'updated', at)];
  }),
  'creditnote.void': booking(byId, (organisation, { id }, at) => {
    const note = documentIn(organisation, 'creditnote', id, 'open', 'closed');
    become(organisation, note, 'void');
    return [changed(organisation, note, 'voided', at)];
  }),
  'creditnote.delete': booking(byId, (organisation, { id }, at) =>
    remove(organisation, documentIn(organisation, 'creditnote', id), at),
  ),
};

/** What a vendor credits us for leaves the books. */
export const vendorCreditBookings = {
  'vendor_credit.create': booking(newCredit, (organisation, input, at) => {
    checkLines(organisation, input);
    const credit: VendorCredit = {
      ...newHeader(organisation, input, 'vendor_credit', at),
      status: input.status,
      lines: input.lines.map((line) => newLine(organisation, line)),
    };
    countAll(organisation, credit, 'in');
    return [created(organisation, credit)];
  }),
  'vendor_credit.edit': booking(lineEdit, (organisation, { id, ...edit }, at) =>
    editLine(organisation, documentIn(organisation, 'vendor_credit', id, 'draft', 'open'), edit, at),
  ),
  'vendor_credit.mark': booking(mark, (organisation, { id, status }, at) => {
    const credit = documentIn(organisation, 'vendor_credit', id, 'draft', 'open', 'closed');
    become(organisation, credit, status);
    return [changed(organisation, credit, 'updated', at)];
  }),
  'vendor_credit.void': booking(byId, (organisation, { id }, at) => {
    const credit = documentIn(organisation, 'vendor_credit', id, 'open', 'closed');
    become(organisation, credit, 'void');
    return [changed(organisation, credit, 'voided', at)];
  }),
  'vendor_credit.delete': booking(byId, (organisation, { id }, at) =>
    remove(organisation, documentIn(organisation, 'vendor_credit', id), at),
  ),
};
