import { itemIdSchema, warehouseIdSchema } from '@tallystream/contracts';
import { verifyScopes } from '@tallystream/runs';
import { z } from 'zod';

export const checkNames = [
  'events',
  'levels',
  'documents',
  'effects',
  'transfers',
  'balances',
  'stock-cache',
  'audit-trail',
] as const;

const findingSchema = z.object({
  what: z.string(),
  seq: z.int().optional().meta({ description: 'Of the event that shows it' }),
  level: z.object({ itemId: itemIdSchema, warehouseId: warehouseIdSchema }).optional(),
  document: z.string().optional().meta({ description: '`<type>:<id>`' }),
});

const checkSchema = z.object({
  check: z.enum(checkNames).meta({
    description:
      '`events`: every one is there, readable, where it belongs. `levels`: revisions and sums. `documents`: versions rise. `effects`: deltas are what documents say. `transfers`: they create nothing. The others: a store equals the ledger.',
  }),
  scope: z.enum(verifyScopes),
  checked: z.int().meta({ description: 'Events, versions, lines, transfers, levels or rows' }),
  position: z.int().meta({ description: 'Stream sequence up to which it was compared' }),
  broken: z.int(),
  examples: z.array(findingSchema).readonly().meta({ description: 'The first of those that are broken' }),
  trouble: z.string().optional().meta({ description: 'Why it could not be checked' }),
});
export type CheckResult = Readonly<z.infer<typeof checkSchema>>;

/** What a verification found. */
export const verificationSchema = z.object({
  ok: z.boolean().meta({ description: 'All that was asked for was checked, and nothing is broken' }),
  position: z.int().meta({ description: 'Stream sequence up to which the ledger was folded' }),
  checks: z.array(checkSchema).readonly(),
  rebuilds: z
    .array(z.object({ projection: z.string(), run: z.string() }))
    .readonly()
    .optional()
    .meta({ description: 'What `fix` asked for' }),
});
export type VerificationResult = Readonly<z.infer<typeof verificationSchema>>;
