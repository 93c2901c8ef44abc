import { type Instant, instantFrom, instantSchema, millisOf } from '@tallystream/contracts';
import { z } from 'zod';
import { type AnyRun, isFinished, operationKinds, runErrorSchema, runStatuses, sweepKinds } from './run';

/** What the API shows of every run: how far it is, and who wanted it. */
export const runProgressSchema = z.object({
  id: z.string(),
  kind: z.string().meta({ description: [...sweepKinds, ...operationKinds].join(', ') }),
  status: z.enum(runStatuses),
  phase: z.string().meta({ description: 'What it is at: waiting, …, done' }),
  done: z.int().meta({ description: 'Of `total`: items of a sweep, events of a verification, …' }),
  total: z
    .int()
    .meta({ description: 'While it runs, as far as is known, for a sweep from the one before; else null' })
    .nullable(),
  rate: z.number().meta({ description: 'How many a second' }).nullable(),
  eta: instantSchema.meta({ description: 'When it will have ended, at this rate' }).nullable(),
  resumed: z.int().meta({ description: 'How often it was cut off and taken up again' }),
  error: runErrorSchema.optional(),
  requestedBy: z.string(),
  requestedAt: instantSchema,
  startedAt: instantSchema.optional(),
  updatedAt: instantSchema,
  finishedAt: instantSchema.optional(),
});
export type RunProgress = Readonly<z.infer<typeof runProgressSchema>>;

type Timed = Pick<AnyRun, 'startedAt' | 'updatedAt'>;
export const runProgress = (run: Omit<AnyRun, 'parameters'>): RunProgress => {
  const { runId, kind, status, phase, expected, resumed, error, requestedBy, requestedAt } = run;
  const { startedAt, updatedAt, finishedAt } = run;
  const done = doneOf(run);
  const total = isFinished(run) ? done : expected === undefined ? null : Math.max(expected, done);
  const rate = rateOf(run, done);
  return {
    id: runId,
    kind,
    status,
    phase,
    done,
    total,
    rate: rate === undefined ? null : Math.round(rate * 10) / 10,
    eta: isFinished(run) || total === null || !rate ? null : after(updatedAt, (total - done) / rate),
    resumed,
    ...(error ? { error } : {}),
    requestedBy,
    requestedAt,
    ...(startedAt ? { startedAt } : {}),
    updatedAt,
    ...(finishedAt ? { finishedAt } : {}),
  };
};

/** What is shown of a run beyond its progress, unless its app has more to say. */
export const runViewSchema = runProgressSchema.extend({
  parameters: z.record(z.string(), z.unknown()),
  stats: z.record(z.string(), z.number()),
  result: z.unknown().optional().meta({ description: 'What it found, when it has ended' }),
});
export type RunView = Readonly<z.infer<typeof runViewSchema>>;

export const runView = (run: AnyRun): RunView => {
  const { stats, parameters, result } = run;
  return { ...runProgress(run), stats, parameters, ...(result === undefined ? {} : { result }) };
};

/** How long a run took, or has taken so far, in seconds. */
export const secondsOf = ({ startedAt, updatedAt }: Timed): number =>
  startedAt ? (millisOf(updatedAt) - millisOf(startedAt)) / 1_000 : 0;

const doneOf = ({ done, stats }: Pick<AnyRun, 'done' | 'stats'>): number => done ?? stats.processed ?? 0;

const rateOf = (run: Timed, done: number): number | undefined => {
  const seconds = secondsOf(run);
  return seconds > 0 && done > 0 ? done / seconds : undefined;
};

const after = (moment: Instant, seconds: number): Instant =>
  instantFrom(millisOf(moment) + Math.round(seconds * 1_000));
