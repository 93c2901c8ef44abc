import { zohoDate } from '../clock';
import { contactAt, customers } from '../organisation/contacts';
import type { ReturnReceive, SalesReturn } from '../organisation/documents';
import { findDocument, type Organisation } from '../organisation/organisation';
import { toUnits } from '../quantity';
import { customerBody, headerBody } from './header-body';
import { goodsLine, itemOf } from './line-body';

/** With its receives inside, which say neither when they changed nor where their lines lie. */
export const salesReturnBody = (organisation: Organisation, made: SalesReturn) => ({
  salesreturn_id: made.id,
  salesreturn_number: made.number,
  ...headerBody(made),
  salesreturn_status: 'approved',
  receive_status: made.status === 'approved' ? '' : made.status,
  refund_status: '',
  reason: 'Does not fit',
  ...customerBody(contactAt(customers, made.contact)),
  salesorder_id: '',
  salesorder_number: '',
  line_items: made.lines.map((line, index) => ({
    ...goodsLine(organisation, made, line, index),
    non_receive_quantity: toUnits(line.creditOnly),
    quantity_received: toUnits(line.received),
    salesorder_item_id: '',
  })),
  salesreturnreceives: made.receiveIds
    .flatMap((id) => findDocument(organisation, 'salesreturnreceive', id) ?? [])
    .map((receive) => receiveInside(organisation, receive)),
  creditnotes: [],
  comments: [],
});

const receiveInside = (organisation: Organisation, receive: ReturnReceive) => ({
  receive_id: receive.id,
  receive_number: receive.number,
  date: zohoDate(receive.createdAt),
  notes: '',
  line_items: receive.lines.map((line) => {
    const { id, name, unit } = itemOf(organisation, line);
    return {
      line_item_id: line.returnLineId,
      item_id: id,
      name,
      description: '',
      unit,
      quantity: toUnits(line.quantity),
    };
  }),
});

/** A receive as it comes by itself. */
export const returnReceiveBody = (organisation: Organisation, receive: ReturnReceive) => ({
  receive_id: receive.id,
  receive_number: receive.number,
  ...headerBody(receive),
  salesreturn_id: receive.returnId,
  salesreturn_number: findDocument(organisation, 'salesreturn', receive.returnId)?.number ?? '',
  line_items: receive.lines.map((line, index) => ({
    ...goodsLine(organisation, receive, line, index),
    line_item_id: line.returnLineId,
  })),
  notes: '',
});
