import { instantFrom, instantSchema, millisOf } from '@tallystream/contracts';
import { z } from 'zod';
import {
  isFinished,
  type Run,
  runErrorSchema,
  runStatsSchema,
  sweepKinds,
  sweepParametersSchema,
} from '../runs/run';

/** A run as the API shows it. */
export const runViewSchema = z.object({
  id: z.string(),
  kind: z.enum(sweepKinds),
  status: z.enum(['queued', 'running', 'completed', 'failed']),
  phase: z.string().meta({ description: 'waiting, warehouses, items, done' }),
  done: z.int().meta({ description: 'Items that have been dealt with' }),
  total: z
    .int()
    .meta({ description: 'Items in all: while it runs, as many as the run before had; null on the first' })
    .nullable(),
  rate: z.number().meta({ description: 'Items a second' }).nullable(),
  eta: instantSchema.meta({ description: 'When it will have ended, at this rate' }).nullable(),
  apiCalls: z.int().meta({ description: "Calls to Zoho's API" }),
  driftFound: z.int(),
  resumed: z.int().meta({ description: 'How often it was cut off and taken up again' }),
  stats: runStatsSchema,
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
  error: runErrorSchema.optional(),
  parameters: sweepParametersSchema,
  requestedBy: z.string(),
  requestedAt: instantSchema,
  startedAt: instantSchema.optional(),
  updatedAt: instantSchema,
  finishedAt: instantSchema.optional(),
});
export type RunView = z.infer<typeof runViewSchema>;

export const runView = (run: Run): RunView => {
  const { runId, kind, status, phase, stats, parameters, expected, ...others } = run;
  const { nextPage: _cursor, unexplained: _left, ...rest } = others;
  const done = stats.processed;
  const total = isFinished(run) ? done : expected === undefined ? null : Math.max(expected, done);
  const rate = rateOf(run);
  const left = total === null || !rate ? undefined : ((total - done) / rate) * 1_000;
  return {
    id: runId,
    kind,
    status,
    phase,
    done,
    total,
    rate: rate === undefined ? null : Math.round(rate * 10) / 10,
    eta:
      left === undefined || isFinished(run) ? null : instantFrom(millisOf(run.updatedAt) + Math.round(left)),
    ...rest,
    stats,
    skippedFeatures: parameters.syncImages ? ['images: they are not kept yet'] : [],
    parameters,
  };
};

/** How long a run took, or has taken so far, in seconds. */
export const secondsOf = ({ startedAt, updatedAt }: Run): number =>
  startedAt ? (millisOf(updatedAt) - millisOf(startedAt)) / 1_000 : 0;

const rateOf = (run: Run): number | undefined => {
  const seconds = secondsOf(run);
  return seconds > 0 && run.stats.processed > 0 ? run.stats.processed / seconds : undefined;
};
