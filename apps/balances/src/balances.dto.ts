import {
  instantSchema,
  itemIdSchema,
  plainTextSchema,
  quantitiesSchema,
  streamSeqSchema,
  warehouseIdSchema,
} from '@tallystream/contracts';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';

export class BalancesQuery extends createZodDto(
  z.strictObject({
    warehouse: warehouseIdSchema.optional(),
    item: itemIdSchema.optional(),
    sku: plainTextSchema.optional(),
    status: z
      .enum(['in', 'out', 'unknown'])
      .optional()
      .meta({ description: 'in: some for sale; out: none; unknown: never observed' }),
    limit: z.coerce.number().int().min(1).max(500).default(50),
    cursor: z.string().max(500).optional(),
  }),
) {}

const balance = z.object({
  itemId: itemIdSchema,
  warehouseId: warehouseIdSchema,
  sku: z.string().optional(),
  stock: z
    .number()
    .meta({ description: 'Available for sale; null while the level was never observed' })
    .nullable(),
  quantities: quantitiesSchema,
  provisional: z.boolean(),
  revision: z.int(),
  seq: streamSeqSchema,
  asOf: instantSchema
    .optional()
    .meta({ description: "Zoho's time of the last observation that wrote the level" }),
  occurredAt: instantSchema,
  recordedAt: instantSchema,
});

export class BalancesDto extends createZodDto(
  z.object({
    items: z.array(balance).readonly(),
    nextCursor: z.string().meta({ description: 'Where the next page begins; null on the last' }).nullable(),
  }),
) {}
