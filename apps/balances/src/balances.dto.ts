import {
  catalogueStatusSchema,
  disputedSchema,
  instantSchema,
  itemIdSchema,
  plainTextSchema,
  quantitiesSchema,
  streamSeqSchema,
  waitForSeqSchema,
  warehouseIdSchema,
} from '@tallystream/contracts';
import { balanceStatuses, searchWords } from '@tallystream/projection-store';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';

const page = {
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(500).optional(),
  waitForSeq: waitForSeqSchema.optional(),
};

export class PageQuery extends createZodDto(z.strictObject(page)) {}

export class WarehousesQuery extends createZodDto(
  z.strictObject({
    ...page,
    waitForSeq: page.waitForSeq.meta({
      description:
        'Answer only when the projection has passed this sequence of the catalogue; 504 if it has not within 5 s',
    }),
  }),
) {}

export class BalancesQuery extends createZodDto(
  z.strictObject({
    warehouse: warehouseIdSchema.optional(),
    item: itemIdSchema.optional(),
    sku: plainTextSchema.optional(),
    q: plainTextSchema
      .refine((text) => searchWords(text).length > 0, 'must hold a letter or a digit')
      .optional()
      .meta({ description: "Beginnings of words of the item's name, Arabic name or SKU, all of them" }),
    status: z
      .enum(balanceStatuses)
      .optional()
      .meta({
        description:
          'in: some for sale; out: none; low: no more for sale than the reorder level of the item; ' +
          'unknown: never observed',
      }),
    ...page,
  }),
) {}

export class ItemParams extends createZodDto(z.object({ itemId: itemIdSchema })) {}

const nextCursor = z
  .string()
  .meta({ description: 'Where the next page begins; null on the last' })
  .nullable();

const balance = z.object({
  itemId: itemIdSchema,
  itemName: z.string().optional().meta({ description: 'Absent until the catalogue has the item' }),
  arabicName: z.string().optional(),
  sku: z.string().optional(),
  warehouseId: warehouseIdSchema,
  warehouseName: z.string().optional().meta({ description: 'Absent until the catalogue has the warehouse' }),
  stock: z
    .number()
    .meta({ description: 'Available for sale; null while the level was never observed' })
    .nullable(),
  quantities: quantitiesSchema,
  disputed: disputedSchema.optional(),
  provisional: z.boolean(),
  revision: z.int(),
  seq: streamSeqSchema,
  asOf: instantSchema
    .optional()
    .meta({ description: "Zoho's time of the last observation that wrote the level" }),
  occurredAt: instantSchema,
  recordedAt: instantSchema,
});

export class BalancesDto extends createZodDto(z.object({ items: z.array(balance).readonly(), nextCursor })) {}

const warehouse = z.object({
  warehouseId: warehouseIdSchema,
  name: z.string(),
  status: catalogueStatusSchema,
  isPrimary: z.boolean().meta({ description: "The organisation's primary warehouse" }),
  asOf: instantSchema.meta({ description: 'When Zoho said so' }),
});

export class WarehousesDto extends createZodDto(
  z.object({ items: z.array(warehouse).readonly(), nextCursor }),
) {}
