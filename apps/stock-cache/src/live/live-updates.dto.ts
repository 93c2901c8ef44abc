import { itemIdSchema, streamSeqSchema, warehouseIdSchema } from '@tallystream/contracts';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { stockChangeSchema } from './stock-change';

/** Most ids that one client may name. */
export const MAX_IDS = 500;
const MAX_CHANGES = 1_000;

const idList = <S extends z.ZodType<unknown, string>>(id: S) =>
  z
    .string()
    .transform((text) => text.split(',').flatMap((part) => part.trim() || []))
    .pipe(z.array(id).min(1).max(MAX_IDS))
    .optional();

const position = z
  .string()
  .regex(/^\d{1,16}$/, 'must be a position in the stream: 0 or a whole number above')
  .transform(Number)
  .pipe(streamSeqSchema);

const filters = {
  items: idList(itemIdSchema).meta({
    description: `Only these items: ids, comma-separated, ${MAX_IDS} at most`,
  }),
  warehouses: idList(warehouseIdSchema).meta({
    description: `Only these warehouses: ids, comma-separated, ${MAX_IDS} at most`,
  }),
};

export class ChangesQuery extends createZodDto(
  z.strictObject({
    since: position.optional().meta({
      description: 'nextSeq of the answer before; 0: from the beginning; absent: from now on',
    }),
    limit: z.coerce.number().int().min(1).max(MAX_CHANGES).default(100),
    ...filters,
  }),
) {}

export class StreamQuery extends createZodDto(
  z.strictObject({
    since: position.optional().meta({
      description: 'Begins after this position; absent: from now on. A Last-Event-ID header counts before it',
    }),
    ...filters,
  }),
) {}

/** What an `EventSource` sends after a reconnection. */
export const lastEventIdSchema = position.optional();

export class ChangesDto extends createZodDto(
  z.object({
    items: z.array(stockChangeSchema).readonly(),
    nextSeq: streamSeqSchema.meta({ description: 'Send it as `since` next time' }),
    hasMore: z.boolean().meta({ description: 'There is more already: no need to wait' }),
  }),
) {}
