import { z } from 'zod';
import type { PurchaseReceive } from '../organisation/documents';
import {
  booking,
  byId,
  changed,
  checkLines,
  checkTracked,
  created,
  documentIn,
  lineEdit,
  newDocument,
  newHeader,
  newLine,
} from './booking';
import { become, countAll, editLine, remove } from './counted-lines';

const newReceive = newDocument.extend({ status: z.enum(['in_transit', 'received']).default('received') });

/** What arrives from a vendor lies on the shelf once it is received. */
export const purchaseReceiveBookings = {
  'purchase_receive.create': booking(newReceive, (organisation, input, at) => {
    checkLines(organisation, input);
    checkTracked(organisation, input.lines);
    const receive: PurchaseReceive = {
      ...newHeader(organisation, input, 'purchase_receive', at),
      status: input.status,
      lines: input.lines.map((line) => newLine(organisation, line)),
    };
    countAll(organisation, receive, 'in');
    return [created(organisation, receive)];
  }),
  'purchase_receive.edit': booking(lineEdit, (organisation, { id, ...edit }, at) =>
    editLine(organisation, documentIn(organisation, 'purchase_receive', id), edit, at),
  ),
  'purchase_receive.receive': booking(byId, (organisation, { id }, at) => {
    const receive = documentIn(organisation, 'purchase_receive', id, 'in_transit');
    become(organisation, receive, 'received');
    return [changed(organisation, receive, 'updated', at)];
  }),
  'purchase_receive.delete': booking(byId, (organisation, { id }, at) =>
    remove(organisation, documentIn(organisation, 'purchase_receive', id), at),
  ),
};
