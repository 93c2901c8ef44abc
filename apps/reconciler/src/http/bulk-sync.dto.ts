import { type Instant, instantFrom, itemIdSchema } from '@tallystream/contracts';
import { runErrorSchema } from '@tallystream/runs';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { runViewSchema } from './run-view';

const yesOrNo = z.enum(['true', 'false']).transform((text) => text === 'true');

export class RunQuery extends createZodDto(
  z.strictObject({
    join: yesOrNo.default(false).meta({ description: 'wait for a run that is on, instead of 409' }),
  }),
) {}

/** A day or a moment; a day means its beginning in UTC. */
const sinceSchema = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], {
    error: 'must be a date such as 2026-01-07 or a time such as 2026-01-07T10:30:00Z',
  })
  .transform((text): Instant => instantFrom(Date.parse(text)))
  .refine((instant) => Date.parse(instant) >= 0, 'must not be before 1970')
  .refine((instant) => Date.parse(instant) <= Date.now(), 'must not lie in the future');

const bulkSync = z
  .strictObject({
    incremental: z.boolean().default(false).meta({
      description:
        'only items modified since modified_since; Zoho does not count every movement of stock as a modification',
    }),
    modified_since: sinceSchema.nullable().default(null),
    batch_size: z.int().min(10).max(200).default(100).meta({ description: 'items per call, 10 to 200' }),
    active_only: z.boolean().default(true),
    with_stock_only: z
      .boolean()
      .default(true)
      .meta({ description: 'pass over items that have no stock in Zoho and are known to be at 0 here' }),
    sync_images: z
      .boolean()
      .default(true)
      .meta({ description: 'accepted; images are not kept yet, and the answer says that they were skipped' }),
  })
  .refine(({ incremental, modified_since }) => !incremental || modified_since !== null, {
    path: ['modified_since'],
    message: 'is needed when incremental is true',
  })
  .refine(({ incremental, modified_since }) => incremental || modified_since === null, {
    path: ['modified_since'],
    message: 'is used only when incremental is true',
  });

/** An empty body means all defaults. */
export class BulkSyncDto extends createZodDto(z.preprocess((body) => body ?? {}, bulkSync)) {}

export class ItemParams extends createZodDto(z.object({ id: itemIdSchema })) {}

export class ItemQuery extends createZodDto(
  z.strictObject({
    join: yesOrNo.default(false),
    force: yesOrNo
      .default(false)
      .meta({ description: 'ask Zoho even when the item was observed less than a minute ago' }),
  }),
) {}

export class StockSyncQuery extends createZodDto(
  z.strictObject({
    action: z.enum(['status', 'sync']).default('status'),
    force: yesOrNo
      .default(false)
      .meta({ description: 'sync even when the last one ended less than a minute ago' }),
    join: yesOrNo.default(false),
  }),
) {}

export class StockSyncBody extends createZodDto(
  z.preprocess((body) => body ?? {}, z.strictObject({ force: z.boolean().default(true) })),
) {}

export const bulkSyncAnswer = z.object({
  success: z.boolean(),
  message: z.string(),
  stats: z.object({
    total_processed: z.int(),
    successful: z.int(),
    failed: z.int(),
    skipped: z.int(),
    stock_updated: z.int(),
  }),
  duration_seconds: z.number(),
  error: z.string().nullable(),
  run: runViewSchema,
});
export class BulkSyncAnswer extends createZodDto(bulkSyncAnswer) {}

export class StockSyncAnswer extends createZodDto(
  z.object({
    success: z.boolean(),
    itemsSynced: z.int(),
    duration: z.number().meta({ description: 'seconds' }),
    run: runViewSchema,
    error: runErrorSchema.optional(),
  }),
) {}
