import { z } from 'zod';
import type { Adjustment, Line } from '../organisation/documents';
import type { Organisation } from '../organisation/organisation';
import { move } from '../organisation/stock';
import { type Millionths, toMillionths } from '../quantity';
import {
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
  signedQuantity,
  warehouseId,
} from './booking';

const signed = signedQuantity.refine((value) => value !== 0, 'must not be 0');
const newAdjustment = newDocument.extend({
  mode: z.enum(['quantity', 'value']),
  lines: z
    .array(z.object({ itemId: z.string(), quantity: signed, warehouseId }))
    .min(1)
    .max(200),
});

/** A quantity adjustment moves both ledgers by its signed quantity; a value adjustment moves nothing. */
export const adjustmentBookings = {
  'inventory_adjustment.create': booking(newAdjustment, (organisation, input, at) => {
    checkLines(organisation, input);
    checkTracked(organisation, input.lines);
    const adjustment: Adjustment = {
      ...newHeader(organisation, input, 'inventory_adjustment', at),
      status: 'adjusted',
      mode: input.mode,
      lines: input.lines.map((line) => newLine(organisation, line)),
    };
    for (const line of adjustment.lines) adjust(organisation, adjustment, line, line.quantity);
    return [created(organisation, adjustment)];
  }),
  'inventory_adjustment.edit': booking(
    byId.extend({ line: z.number().int().min(0), quantity: signed }),
    (organisation, input, at) => {
      const adjustment = documentIn(organisation, 'inventory_adjustment', input.id);
      const line = lineIn(adjustment, input.line);
      const more = toMillionths(input.quantity) - line.quantity;
      line.quantity += more;
      adjust(organisation, adjustment, line, more);
      return [changed(organisation, adjustment, 'updated', at)];
    },
  ),
  'inventory_adjustment.delete': booking(byId, (organisation, { id }, at) => {
    const adjustment = documentIn(organisation, 'inventory_adjustment', id);
    organisation.documents.delete(id);
    for (const line of adjustment.lines) adjust(organisation, adjustment, line, -line.quantity);
    return [changed(organisation, adjustment, 'deleted', at)];
  }),
};

const adjust = (organisation: Organisation, adjustment: Adjustment, line: Line, by: Millionths): void => {
  if (adjustment.mode === 'value') return;
  move(organisation.stock, line, 'onHand', by);
  move(organisation.stock, line, 'physicalOnHand', by);
};
