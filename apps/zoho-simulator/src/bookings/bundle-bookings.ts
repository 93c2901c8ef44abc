import { z } from 'zod';
import type { Bundle } from '../organisation/documents';
import type { Organisation } from '../organisation/organisation';
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
  newDocument,
  newHeader,
  newLine,
} from './booking';

const newBundle = newDocument.extend({
  compositeId: z.string(),
  /** Whole bundles, so that the parts come out even. */
  quantity: z.number().int().min(1).max(1000),
  status: z.enum(['draft', 'completed']).default('completed'),
});

/** Putting together: so many of the composite item come, for each of them the parts go; both ledgers alike. */
export const bundleBookings = {
  /** Lines are parts, with their quantity for one bundle, all in one warehouse. */
  'bundle.create': booking(newBundle, (organisation, input, at) => {
    checkLines(organisation, input);
    checkTracked(organisation, [...input.lines, { itemId: input.compositeId }]);
    const [first] = input.lines;
    const warehouseId = first?.warehouseId ?? '';
    checkParts(organisation, input, warehouseId);
    const bundle: Bundle = {
      ...newHeader(organisation, input, 'bundle', at),
      status: input.status,
      compositeId: input.compositeId,
      quantity: toMillionths(input.quantity),
      warehouseId,
      lines: input.lines.map((line) => newLine(organisation, line)),
    };
    if (bundle.status === 'completed') assemble(organisation, bundle, 1n);
    return [created(organisation, bundle)];
  }),
  'bundle.complete': booking(byId, (organisation, { id }, at) => {
    const bundle = documentIn(organisation, 'bundle', id, 'draft');
    bundle.status = 'completed';
    assemble(organisation, bundle, 1n);
    return [changed(organisation, bundle, 'updated', at)];
  }),
  /** Takes apart again what was put together. */
  'bundle.delete': booking(byId, (organisation, { id }, at) => {
    const bundle = documentIn(organisation, 'bundle', id);
    organisation.documents.delete(id);
    if (bundle.status === 'completed') assemble(organisation, bundle, -1n);
    return [changed(organisation, bundle, 'deleted', at)];
  }),
};

const checkParts = (
  organisation: Organisation,
  { compositeId, lines }: z.infer<typeof newBundle>,
  warehouseId: string,
): void => {
  if (organisation.itemById.get(compositeId)?.status !== 'active')
    throw new BookingRefused('bad_input', `no active item ${compositeId}`);
  if (lines.some((line) => line.itemId === compositeId))
    throw new BookingRefused('bad_input', `item ${compositeId} cannot be a part of itself`);
  if (lines.some((line) => line.warehouseId !== warehouseId))
    throw new BookingRefused('bad_input', 'the parts of a bundle lie in one warehouse');
};

const assemble = (organisation: Organisation, bundle: Bundle, direction: 1n | -1n): void => {
  const bundles = bundle.quantity / toMillionths(1);
  const composite = { itemId: bundle.compositeId, warehouseId: bundle.warehouseId };
  for (const ledger of ['onHand', 'physicalOnHand'] as const) {
    move(organisation.stock, composite, ledger, direction * bundle.quantity);
    for (const part of bundle.lines)
      move(organisation.stock, part, ledger, -direction * bundles * part.quantity);
  }
};
