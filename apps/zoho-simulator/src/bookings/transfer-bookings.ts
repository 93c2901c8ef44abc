import { z } from 'zod';
import type { TransferLine, TransferOrder } from '../organisation/documents';
import type { Organisation } from '../organisation/organisation';
import { move } from '../organisation/stock';
import { type Millionths, toMillionths } from '../quantity';
import {
  BookingRefused,
  booking,
  byId,
  changed,
  checkLines,
  checkTracked,
  created,
  documentIn,
  lineEdit,
  lineIn,
  newDocument,
  newHeader,
  newLine,
  partsOfLines,
  warehouseId,
} from './booking';

const newTransfer = newDocument.extend({
  destinationId: warehouseId,
  status: z.enum(['draft', 'in_transit']).default('in_transit'),
});

/** A transfer order moves goods out of one warehouse, on the way, and into another; both ledgers alike. */
export const transferBookings = {
  /** All lines leave from one warehouse. */
  'transfer_order.create': booking(newTransfer, (organisation, input, at) => {
    checkLines(organisation, input);
    checkTracked(organisation, input.lines);
    checkRoute(input);
    const order: TransferOrder = {
      ...newHeader(organisation, input, 'transfer_order', at),
      status: input.status,
      destinationId: input.destinationId,
      lines: input.lines.map((line): TransferLine => ({ ...newLine(organisation, line), received: 0n })),
    };
    if (order.status === 'in_transit')
      for (const line of order.lines) send(organisation, order, line, line.quantity);
    return [created(organisation, order)];
  }),
  'transfer_order.edit': booking(lineEdit, (organisation, input, at) => {
    const order = documentIn(organisation, 'transfer_order', input.id, 'draft', 'in_transit');
    const line = lineIn(order, input.line);
    const more = toMillionths(input.quantity) - line.quantity;
    line.quantity += more;
    if (order.status === 'in_transit') send(organisation, order, line, more);
    return [changed(organisation, order, 'updated', at)];
  }),
  'transfer_order.send': booking(byId, (organisation, { id }, at) => {
    const order = documentIn(organisation, 'transfer_order', id, 'draft');
    order.status = 'in_transit';
    for (const line of order.lines) send(organisation, order, line, line.quantity);
    return [changed(organisation, order, 'updated', at)];
  }),
  /** Receives these quantities of these lines; without lines, all that is still on the way. */
  'transfer_order.receive': booking(
    byId.extend({ lines: partsOfLines.optional() }),
    (organisation, { id, lines }, at) => {
      const order = documentIn(organisation, 'transfer_order', id, 'in_transit', 'partially_transferred');
      const parts =
        lines?.map((part) => ({
          line: lineIn(order, part.line),
          quantity: toMillionths(part.quantity),
        })) ?? order.lines.map((line) => ({ line, quantity: line.quantity - line.received }));
      for (const { line, quantity } of parts)
        if (line.received + quantity > line.quantity)
          throw new BookingRefused('not_allowed', `transfer_order ${id} has not so much on the way`);
      for (const { line, quantity } of parts) receive(organisation, order, line, quantity);
      const isWhole = order.lines.every((line) => line.received === line.quantity);
      order.status = isWhole ? 'transferred' : 'partially_transferred';
      return [changed(organisation, order, 'updated', at)];
    },
  ),
  'transfer_order.delete': booking(byId, (organisation, { id }, at) => {
    const order = documentIn(organisation, 'transfer_order', id);
    organisation.documents.delete(id);
    if (order.status !== 'draft')
      for (const line of order.lines) {
        receive(organisation, order, line, -line.received);
        send(organisation, order, line, -line.quantity);
      }
    return [changed(organisation, order, 'deleted', at)];
  }),
};

const checkRoute = ({ lines, destinationId }: z.infer<typeof newTransfer>): void => {
  const [source] = lines;
  if (lines.some((line) => line.warehouseId !== source?.warehouseId))
    throw new BookingRefused('bad_input', 'a transfer leaves from one warehouse');
  if (source?.warehouseId === destinationId)
    throw new BookingRefused('bad_input', 'a transfer goes to another warehouse');
};

const send = (organisation: Organisation, order: TransferOrder, line: TransferLine, by: Millionths): void => {
  move(organisation.stock, line, 'onHand', -by);
  move(organisation.stock, line, 'physicalOnHand', -by);
  move(organisation.stock, arrival(order, line), 'inTransit', by);
};

const receive = (
  organisation: Organisation,
  order: TransferOrder,
  line: TransferLine,
  by: Millionths,
): void => {
  line.received += by;
  const there = arrival(order, line);
  move(organisation.stock, there, 'inTransit', -by);
  move(organisation.stock, there, 'onHand', by);
  move(organisation.stock, there, 'physicalOnHand', by);
};

const arrival = (order: TransferOrder, line: TransferLine) => ({
  itemId: line.itemId,
  warehouseId: order.destinationId,
});
