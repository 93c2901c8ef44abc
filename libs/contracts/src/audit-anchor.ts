import { z } from 'zod';
import { streamSeqSchema } from './ids';
import { instantSchema } from './instant';

/**
 * What the audit trail ended with at some moment of a day, kept outside of it in the stream `AUDIT_ANCHORS`: the link
 * of the chain at `seq`, which stands for everything before it.
 */
export const auditAnchorSchema = z.object({
  seq: streamSeqSchema.meta({ description: 'The newest event of the trail then' }),
  hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .meta({ description: 'Its link of the chain' }),
  time: instantSchema.meta({ description: 'When it was anchored, by our clock' }),
});
export type AuditAnchor = Readonly<z.infer<typeof auditAnchorSchema>>;
