import { documentIdSchema, instantSchema, streamSeqSchema } from '@tallystream/contracts';
import { carriedRunFields, verifyScopes } from '@tallystream/runs';
import { z } from 'zod';
import { tokenSchema } from '../subject-token';
import { verificationSchema } from '../verify/verification-result';

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

export const webhookFilterSchema = z.strictObject({
  from: instantSchema.meta({ description: 'Received then or later' }),
  to: instantSchema.meta({ description: 'Received before' }),
  entity: tokenSchema.optional().meta({ description: 'As in the webhook log, e.g. `invoice`; absent: all' }),
  documentId: documentIdSchema.optional().meta({ description: 'Only what says something of this document' }),
});

/** Handles stored webhooks again, as far as the ledger lacks what they say. */
export const inboxReplaySchema = z.object({
  ...operationFields,
  kind: z.literal('inbox-replay'),
  phase: z.enum(['waiting', 'counting', 'replaying', 'done']),
  parameters: z.object({
    filter: webhookFilterSchema,
    dryRun: z.boolean(),
    /** The stretch of the inbox that it began with. */
    first: z.int(),
    last: z.int(),
  }),
  /** Everything up to this message has been seen to in this phase. */
  position: streamSeqSchema,
});
export type InboxReplay = Readonly<z.infer<typeof inboxReplaySchema>>;

/** Holds the ledger against its invariants, and stores against the ledger. */
export const verifyRunSchema = z.object({
  ...operationFields,
  kind: z.literal('verify'),
  parameters: z.object({ scopes: z.array(z.enum(verifyScopes)).readonly(), fix: z.boolean() }),
  result: verificationSchema.optional(),
});
export type VerifyRun = Readonly<z.infer<typeof verifyRunSchema>>;

/** The newest state of a run of operations, as it lies in `ZOHO_RUNS`: all that it takes to go on with it. */
export const operationRunSchema = z.discriminatedUnion('kind', [
  deadLetterRetrySchema,
  inboxReplaySchema,
  verifyRunSchema,
]);
export type OperationRun = Readonly<z.infer<typeof operationRunSchema>>;
