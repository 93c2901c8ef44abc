import { instantSchema, streamSeqSchema } from '@tallystream/contracts';
import { carriedRunFields } from '@tallystream/runs';
import { z } from 'zod';
import { tokenSchema } from '../token';

const operationFields = { ...carriedRunFields, result: z.unknown().optional() };

export const deadLetterFilterSchema = z.strictObject({
  consumer: tokenSchema.optional(),
  reason: tokenSchema.optional(),
  from: instantSchema.optional().meta({ description: 'Died then or later' }),
  to: instantSchema.optional().meta({ description: 'Died before' }),
});

/** Puts back all dead letters that fit a filter and were open when it began. */
export const deadLetterRetrySchema = z.object({
  ...operationFields,
  kind: z.literal('dead-letter-retry'),
  parameters: z.object({
    filter: deadLetterFilterSchema,
    /** The stretch of the stream that it began with. */
    first: z.int(),
    last: z.int(),
  }),
  /** Everything up to this dead letter has been seen to. */
  position: streamSeqSchema,
});
export type DeadLetterRetry = Readonly<z.infer<typeof deadLetterRetrySchema>>;

/** The newest state of a run of operations, as it lies in `ZOHO_RUNS`: all that it takes to go on with it. */
export const operationRunSchema = z.discriminatedUnion('kind', [deadLetterRetrySchema]);
export type OperationRun = Readonly<z.infer<typeof operationRunSchema>>;
