import {
  runViewSchema as plainRunViewSchema,
  runProgress,
  runProgressSchema,
  sweepKinds,
} from '@tallystream/runs';
import { z } from 'zod';
import { type Run, runStatsSchema, sweepParametersSchema } from '../runs/run';

const sweepFields = {
  apiCalls: z.int().meta({ description: "Calls to Zoho's API" }),
  driftFound: z.int(),
  lookedUp: z
    .array(z.string())
    .readonly()
    .meta({ description: 'Documents that were fetched because of drift, as <type>:<id>' }),
  verdictsDigest: z
    .string()
    .optional()
    .meta({ description: 'Of a replay: equal when snapshots, ledger and thresholds were' }),
  failures: z.array(z.object({ itemId: z.string(), error: z.string() })).readonly(),
  skippedFeatures: z.array(z.string()).readonly(),
};

/** A run of the reconciler as the API shows it. */
export const runViewSchema = runProgressSchema.extend({
  ...sweepFields,
  kind: z.enum(sweepKinds),
  stats: runStatsSchema,
  parameters: sweepParametersSchema,
});
export type RunView = z.infer<typeof runViewSchema>;

/** A run of any app. What only sweeps have is absent from the others. */
export const anyRunViewSchema = plainRunViewSchema.extend(z.object(sweepFields).partial().shape);
export type AnyRunView = z.infer<typeof anyRunViewSchema>;

export const runView = (run: Run): RunView => {
  const { apiCalls, driftFound, stats, lookedUp, verdictsDigest, failures, parameters } = run;
  return {
    ...runProgress(run),
    kind: run.kind,
    apiCalls,
    driftFound,
    stats,
    lookedUp,
    ...(verdictsDigest ? { verdictsDigest } : {}),
    failures,
    skippedFeatures: parameters.syncImages ? ['images: they are not kept yet'] : [],
    parameters,
  };
};
