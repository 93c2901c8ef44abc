import { carriedRunFields } from '@tallystream/runs';
import { z } from 'zod';

/** What can be made again, each as a whole. */
export const rebuiltStores = [
  'balances',
  'catalogue',
  'drift',
  'audit-trail',
  'stock-cache',
  'webhook-log',
] as const;
export type RebuiltStoreName = (typeof rebuiltStores)[number];

/** The store that a projection fills; nothing for one that fills none, or that does not exist. */
export const rebuiltBy = (projection: string): RebuiltStoreName | undefined =>
  rebuiltStores.find((store) => store === projection) ??
  // One table, filled by two.
  (['webhook-arrivals', 'webhook-outcomes'].includes(projection) ? 'webhook-log' : undefined);

/** The newest state of a rebuild, as it lies in `ZOHO_RUNS`; what it has made so far lies in the store itself. */
export const rebuildRunSchema = z.object({
  ...carriedRunFields,
  kind: z.literal('rebuild'),
  parameters: z.object({ store: z.enum(rebuiltStores), dryRun: z.boolean() }),
  /** A `RebuildReport`. */
  result: z.unknown().optional(),
});
export type RebuildRun = Readonly<z.infer<typeof rebuildRunSchema>>;
