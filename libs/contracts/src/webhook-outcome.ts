import { z } from 'zod';
import { streamSeqSchema } from './ids';
import { instantSchema } from './instant';

export const webhookStatuses = [
  'pending',
  'applied',
  'stale',
  'absorbed',
  'unknown-history',
  'ignored',
  'dead',
  'rejected',
] as const;
export const webhookStatusSchema = z.enum(webhookStatuses);
export type WebhookStatus = z.infer<typeof webhookStatusSchema>;

/** What became of a webhook of the inbox; the newest one per inbox sequence holds. */
export const webhookOutcomeSchema = z.object({
  /** Sequence in the inbox: the id that the sender got. */
  sequence: streamSeqSchema,
  entity: z.string(),
  event: z.string(),
  receivedAt: instantSchema,
  status: webhookStatusSchema,
  document: z.object({ type: z.string(), id: z.string(), number: z.string().optional() }).optional(),
  /** What it did to the stock, in one line. */
  effect: z.string().optional(),
  error: z.string().optional(),
});
export type WebhookOutcome = Readonly<z.infer<typeof webhookOutcomeSchema>>;
