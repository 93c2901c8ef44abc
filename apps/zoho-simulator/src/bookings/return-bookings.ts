import { z } from 'zod';
import type { ReturnLine, ReturnReceive, SalesReturn } from '../organisation/documents';
import { nextId, type Organisation } from '../organisation/organisation';
import { move } from '../organisation/stock';
import { toMillionths } from '../quantity';
import {
  BookingRefused,
  booking,
  byId,
  changed,
  checkLines,
  checkTracked,
  created,
  documentIn,
  lineIn,
  newDocument,
  newHeader,
  newLine,
  partsOfLines,
} from './booking';

/** `creditOnly`: the customer keeps the goods of these lines, by their place. */
const newReturn = newDocument.extend({ creditOnly: z.array(z.number().int().min(0)).default([]) });

/** Goods that come back lie on the shelf once they are received, line by line; a return alone moves nothing. */
export const salesReturnBookings = {
  'salesreturn.create': booking(newReturn, (organisation, input, at) => {
    checkLines(organisation, input);
    checkTracked(organisation, input.lines);
    const made: SalesReturn = {
      ...newHeader(organisation, input, 'salesreturn', at),
      status: 'approved',
      receiveIds: [],
      lines: input.lines.map((line, index): ReturnLine => {
        const quantity = toMillionths(line.quantity);
        const creditOnly = input.creditOnly.includes(index) ? quantity : 0n;
        return { ...newLine(organisation, line), creditOnly, received: 0n };
      }),
    };
    return [created(organisation, made)];
  }),
  'salesreturn.receive': booking(byId.extend({ lines: partsOfLines }), (organisation, { id, lines }, at) => {
    const from = documentIn(organisation, 'salesreturn', id);
    const parts = lines.map(({ line, quantity }) => ({
      line: lineIn(from, line),
      quantity: toMillionths(quantity),
    }));
    for (const { line, quantity } of parts)
      if (line.received + quantity > line.quantity - line.creditOnly)
        throw new BookingRefused('not_allowed', `salesreturn ${id} has not so much to receive`);
    const receive: ReturnReceive = {
      ...newHeader(organisation, from, 'salesreturnreceive', at),
      status: 'received',
      returnId: from.id,
      lines: parts.map(({ line: { id: returnLineId, itemId, warehouseId }, quantity }) => {
        return { id: nextId(organisation), itemId, warehouseId, quantity, returnLineId };
      }),
    };
    from.receiveIds.push(receive.id);
    shelve(organisation, from, receive, 1n);
    return [created(organisation, receive), changed(organisation, from, 'updated', at)];
  }),
  /** Takes a receive back, by its id. */
  'salesreturnreceive.delete': booking(byId, (organisation, { id }, at) => {
    const receive = documentIn(organisation, 'salesreturnreceive', id);
    const from = documentIn(organisation, 'salesreturn', receive.returnId);
    organisation.documents.delete(id);
    from.receiveIds = from.receiveIds.filter((other) => other !== id);
    shelve(organisation, from, receive, -1n);
    return [changed(organisation, receive, 'deleted', at), changed(organisation, from, 'updated', at)];
  }),
  'salesreturn.delete': booking(byId, (organisation, { id }, at) => {
    const gone = documentIn(organisation, 'salesreturn', id, 'approved');
    organisation.documents.delete(id);
    return [changed(organisation, gone, 'deleted', at)];
  }),
};

const shelve = (
  organisation: Organisation,
  from: SalesReturn,
  receive: ReturnReceive,
  direction: 1n | -1n,
): void => {
  for (const line of receive.lines) {
    move(organisation.stock, line, 'physicalOnHand', direction * line.quantity);
    const returned = from.lines.find((candidate) => candidate.id === line.returnLineId);
    if (returned) returned.received += direction * line.quantity;
  }
  const isWhole = from.lines.every((line) => line.received >= line.quantity - line.creditOnly);
  from.status = from.receiveIds.length === 0 ? 'approved' : isWhole ? 'received' : 'partially_received';
};
