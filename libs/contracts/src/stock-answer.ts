import { z } from 'zod';
import { disputedSchema } from './for-sale';
import { itemIdSchema, warehouseIdSchema } from './ids';
import { instantSchema } from './instant';
import { quantitiesSchema } from './quantities';

/** Where the number of an answer came from. */
export const stockSources = ['cache', 'balances', 'zoho', 'unavailable'] as const;

/** The answer to "how many can I sell?", of the single read and of each item of a bulk read. */
export const stockAnswerSchema = z.object({
  itemId: itemIdSchema,
  warehouseId: warehouseIdSchema,
  stock: z
    .number()
    .meta({
      description: 'Available for sale, in units of the item; null when it is not known: never 0 then',
    })
    .nullable(),
  source: z.enum(stockSources),
  quantities: quantitiesSchema.optional(),
  disputed: disputedSchema.optional(),
  revision: z.int().optional(),
  asOf: instantSchema
    .optional()
    .meta({ description: "Zoho's time of the last observation that wrote the level" }),
  message: z.literal('Check availability').optional(),
});
export type StockAnswer = Readonly<z.infer<typeof stockAnswerSchema>>;

/** The answer of a bulk read: every item that was asked for, by its id. */
export const stockAnswersSchema = z.object({ items: z.record(z.string(), stockAnswerSchema) });

/** A bulk read answers for this many items at most. */
export const MAX_BULK_ITEMS = 5_000;
