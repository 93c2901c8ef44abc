import { instantSchema, streamSeq, streamSeqSchema } from '@tallystream/contracts';
import { deadLetterStatuses } from '@tallystream/dead-letters';
import { runViewSchema } from '@tallystream/runs';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { deadLetterFilterSchema } from '../runs/operation-run';

/** A dead letter's sequence, as it comes in a path or a query. */
const idSchema = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, 'must be a whole number from 1')
  .transform((text) => streamSeq(Number(text)));

export class DeadLetterParams extends createZodDto(z.object({ id: idSchema })) {}

export class DeadLettersQuery extends createZodDto(
  deadLetterFilterSchema.extend({
    status: z.enum(deadLetterStatuses).optional().meta({ description: 'absent: all' }),
    limit: z.coerce.number().int().min(1).max(500).default(50),
    cursor: idSchema.optional().meta({ description: 'nextCursor of the page before' }),
  }),
) {}

const deadLetterSchema = z.object({
  id: streamSeqSchema.meta({ description: 'Sequence among the dead letters' }),
  consumer: z.string().meta({ description: 'Who could not handle it' }),
  reason: z
    .string()
    .meta({ description: '`failed`: tried until the last attempt; else why no attempt can help' }),
  error: z.string(),
  attempts: z.int(),
  diedAt: instantSchema,
  stream: z.string().meta({ description: 'Where it lay, with its sequence there' }),
  sequence: z.int(),
  subject: z.string(),
  retries: z.int().meta({ description: 'How often it had been put back when it died' }),
  size: z
    .int()
    .optional()
    .meta({ description: 'Of the body, in bytes; absent when the letter names its place in the stream' }),
  status: z.enum(deadLetterStatuses),
  decidedAt: instantSchema.optional(),
  decidedBy: z.string().optional().meta({ description: 'Who retried or discarded it' }),
  retriedAs: streamSeqSchema
    .optional()
    .meta({ description: 'The sequence that it has in its stream now; of a webhook, its id' }),
  note: z.string().optional(),
});

export class DeadLettersDto extends createZodDto(
  z.object({
    items: z.array(deadLetterSchema).readonly(),
    nextCursor: z
      .string()
      .meta({ description: 'Where the next page begins, even if this one is empty; null on the last' })
      .nullable(),
  }),
) {}

export class DeadLetterDto extends createZodDto(
  deadLetterSchema.extend({
    headers: z.record(z.string(), z.string()),
    body: z
      .string()
      .meta({
        description:
          'As text, or base64 when it is not UTF-8; null when its stream does not keep it any more',
      })
      .nullable(),
    bodyEncoding: z.enum(['utf8', 'base64']),
  }),
) {}

export class DeadLetterHeadDto extends createZodDto(deadLetterSchema) {}

export class RetryBody extends createZodDto(
  z.strictObject({
    filter: deadLetterFilterSchema.meta({ description: 'empty: all that are open' }),
    dryRun: z.boolean().default(false).meta({ description: 'only count them' }),
  }),
) {}

export class RetriedDto extends createZodDto(
  z.object({
    dryRun: z.boolean(),
    count: z.int().meta({ description: 'Open letters that fit the filter, of those that are there now' }),
    run: runViewSchema.optional(),
  }),
) {}

/** Lines and tabs are a writer's own; other control characters and halves of pairs no store takes. */
const UNFIT = /(?![\t\n\r])\p{Cc}|\p{Surrogate}/u;

export class DiscardBody extends createZodDto(
  z.strictObject({
    note: z
      .string()
      .trim()
      .min(1, 'must not be empty')
      .max(1_000)
      .refine((text) => !UNFIT.test(text), 'must not hold control characters')
      .meta({ description: 'Why nothing is to be done about it' }),
  }),
) {}
