import {
  itemIdSchema,
  MAX_BULK_ITEMS,
  stockAnswerSchema,
  stockAnswersSchema,
  stockSources,
  waitForSeqSchema,
  warehouseIdSchema,
} from '@tallystream/contracts';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';

const MAX_LISTED = 500;

const question = {
  warehouse: warehouseIdSchema.optional().meta({ description: 'absent: the sales warehouse' }),
  waitForSeq: waitForSeqSchema.optional(),
};

export class StockParams extends createZodDto(z.object({ itemId: itemIdSchema })) {}

export class StockQuery extends createZodDto(
  z.strictObject({
    ...question,
    fetchOnMiss: z
      .enum(['true', 'false'])
      .transform((text) => text === 'true')
      .optional()
      .meta({
        description:
          'Ask Zoho, within its budget and for 5 s at most, when nobody knows. An item is asked for once in a ' +
          'quarter of an hour; all together take a small share of the day’s calls',
      }),
  }),
) {}

export class StockListQuery extends createZodDto(
  z.strictObject({
    ...question,
    itemIds: z
      .string()
      .transform((text) => text.split(',').map((part) => part.trim()))
      .pipe(z.array(itemIdSchema).max(MAX_LISTED))
      .meta({ description: `item ids, comma-separated, ${MAX_LISTED} at most` }),
  }),
) {}

export class StockBulkQuery extends createZodDto(z.strictObject(question)) {}

export class StockBulkBody extends createZodDto(
  z.strictObject({ itemIds: z.array(itemIdSchema).min(1).max(MAX_BULK_ITEMS) }),
) {}

export class StockDto extends createZodDto(stockAnswerSchema) {}

export class StocksDto extends createZodDto(stockAnswersSchema) {}

export class DebugQuery extends createZodDto(
  z.strictObject({ itemId: itemIdSchema, warehouse: question.warehouse }),
) {}

export const servers = ['redis', 'postgres', 'nats'] as const;

const said = (by: string) =>
  z
    .number()
    .meta({ description: `null: ${by}` })
    .nullable();

export class DebugDto extends createZodDto(
  z.object({
    itemId: itemIdSchema,
    warehouse: warehouseIdSchema,
    cachedStock: said('Redis does not have it, or the level was never observed'),
    balanceStock: said('Postgres does not have it, or the level was never observed'),
    ledgerStock: said('the ledger does not have it, or the level was never observed'),
    apiStock: said('reads say unavailable').meta({ description: 'What `GET /api/stock/:itemId` answers' }),
    source: z.enum(stockSources).meta({ description: 'Where that comes from' }),
    agree: z.boolean().meta({ description: 'All that could be asked say the same' }),
    away: z
      .array(z.enum(servers))
      .readonly()
      .meta({ description: 'Servers that could not be asked: their numbers are null' }),
  }),
) {}
