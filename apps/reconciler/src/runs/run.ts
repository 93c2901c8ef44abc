import { instantSchema, itemIdSchema, runIdSchema, warehouseIdSchema } from '@tallystream/contracts';
import { runFields, sweepKinds } from '@tallystream/runs';
import { z } from 'zod';

export type SweepKind = (typeof sweepKinds)[number];

export const sweepParametersSchema = z.object({
  /** Only these; absent: whatever Zoho lists. */
  itemIds: z.array(itemIdSchema).readonly().optional(),
  /** Observe levels, too; without, only names and prices are taken. */
  withLevels: z.boolean(),
  activeOnly: z.boolean(),
  /** Pass over items that have no stock in Zoho and none in the ledger. */
  withStockOnly: z.boolean(),
  /** Only items that Zoho says were modified since: a movement of stock does not always count as one. */
  modifiedSince: instantSchema.optional(),
  /** Items per call. */
  batchSize: z.int().positive(),
  /** The run whose snapshots are judged again, without asking Zoho. */
  replayOf: runIdSchema.optional(),
  /** Verdicts only: nothing is written but the run itself. */
  dryRun: z.boolean().default(false),
  /** Asked for; skipped, until images are kept. */
  syncImages: z.boolean(),
});
export type SweepParameters = Readonly<z.infer<typeof sweepParametersSchema>>;

const count = z.int().nonnegative();
export const runStatsSchema = z.object({
  /** Items that Zoho listed. */
  processed: count,
  successful: count,
  failed: count,
  skipped: count,
  /** Items of which a level moved. */
  stockUpdated: count,
  levels: count,
  levelsChanged: count,
  /** Levels of which Zoho's number is ours. */
  equal: count,
  /** Levels that differed with nothing in flight: explained, corrected, held or undecided in the end. */
  different: count,
  /** Levels of which nothing could be said: something was in flight, or a newer answer had been judged already. */
  undecided: count.default(0),
  /** Levels that differed, and did no more when documents that were missed had been fetched. */
  explained: count,
  /** Levels that were set right, being small drifts or confirmed ones. */
  corrected: count,
  /** Levels that differ and wait for review. */
  held: count,
  /** Items or warehouses whose master data changed. */
  catalogueChanged: count,
});
export type RunStats = Readonly<z.infer<typeof runStatsSchema>>;

/** The newest state of a run, as it lies in `ZOHO_RUNS`: all that it takes to go on with it. */
export const runSchema = z.object({
  ...runFields,
  kind: z.enum(sweepKinds),
  parameters: sweepParametersSchema,
  phase: z.enum(['waiting', 'warehouses', 'items', 'drift', 'done']),
  /** The next page of Zoho's list, from 1: where a run goes on that was cut off. */
  nextPage: z.int().positive(),
  stats: runStatsSchema,
  apiCalls: count,
  driftFound: count,
  /** Levels that differ with nothing in flight: judged again when missed documents have been fetched. */
  unexplained: z
    .array(z.object({ itemId: itemIdSchema, warehouseId: warehouseIdSchema }))
    .readonly()
    .default([]),
  /** Documents that were fetched because of them, as `<type>:<id>`. */
  lookedUp: z.array(z.string()).readonly().default([]),
  /** Of a replay: over all its verdicts, so that two can be compared. */
  verdictsDigest: z.string().optional(),
  /** The first of those that failed. */
  failures: z.array(z.object({ itemId: itemIdSchema, error: z.string() })).readonly(),
});
export type Run = Readonly<z.infer<typeof runSchema>>;

/** What may not run twice at a time. Single items may, as long as they are not the same. */
export const claimOf = ({ kind, parameters }: Pick<Run, 'kind' | 'parameters'>): string => {
  const [first, ...others] = parameters.itemIds ?? [];
  return kind === 'items' && first && others.length === 0 ? `item-${first}` : kind;
};

export const noStats: RunStats = {
  processed: 0,
  successful: 0,
  failed: 0,
  skipped: 0,
  stockUpdated: 0,
  levels: 0,
  levelsChanged: 0,
  equal: 0,
  different: 0,
  undecided: 0,
  explained: 0,
  corrected: 0,
  held: 0,
  catalogueChanged: 0,
};

export const addStats = (total: RunStats, more: Partial<RunStats>): RunStats =>
  runStatsSchema.parse(
    Object.fromEntries(
      Object.entries(total).map(([name, value]) => [name, value + (more[name as keyof RunStats] ?? 0)]),
    ),
  );
