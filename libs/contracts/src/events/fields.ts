import { z } from 'zod';
import { itemIdSchema, warehouseIdSchema } from '../ids';
import { instantSchema } from '../instant';
import { type QuantityName, quantitiesSchema } from '../quantities';

// The fields that events share, said once: descriptions become the JSON Schemas and tables of docs/, so each
// gives shape, unit and source. A `title` makes an object a section of its own there.

/** An instant that code generators recognise as one. */
export const instantField = (description: string) =>
  instantSchema.meta({ format: 'date-time', description: `${description} ISO 8601, UTC.` });

const shape = quantitiesSchema.shape;
const quantityFields = {
  onHand: shape.onHand.meta({
    description: 'Accounting stock: moves with bills and invoices. Zoho: stock on hand of the location.',
  }),
  committed: shape.committed.meta({
    description: 'Promised by confirmed sales orders, not yet invoiced. Zoho: committed stock.',
  }),
  physicalOnHand: shape.physicalOnHand.meta({
    description: 'What lies on the shelf: moves with receives and shipments. Zoho: actual available stock.',
  }),
  physicalCommitted: shape.physicalCommitted.meta({
    description: 'Promised, not yet shipped. Zoho: actual committed stock.',
  }),
  inTransit: shape.inTransit.meta({
    description: 'On its way here by transfer order. Zoho: quantity in transit.',
  }),
  reserved: shape.reserved.meta({
    description: 'Held by Tallystream for carts, orders and transfers. Zoho knows nothing of it.',
  }),
} satisfies Record<QuantityName, z.ZodNumber>;

const described = z.object(quantityFields);

/** The whole of a level. */
export const quantitiesField = (description: string) =>
  described.meta({
    title: 'Quantities',
    description: `${description} In units of the item; each may be negative, with 6 decimals at most.`,
  });

/** A change of a level. */
export const deltaField = (description: string) =>
  described.partial().meta({
    title: 'Delta',
    description: `${description} In units of the item, signed; a quantity that does not change is absent.`,
  });

/** What every event says of the level it speaks of. */
export const levelFields = {
  itemId: itemIdSchema.meta({
    description: "Zoho's id of the item: text, as its 19 digits are more than a JavaScript number holds.",
  }),
  warehouseId: warehouseIdSchema.meta({ description: "Zoho's id of the warehouse (location): text." }),
  sku: z
    .string()
    .meta({ description: "The item's SKU as Zoho named it; absent when it did not." })
    .optional(),
};
