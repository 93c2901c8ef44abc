import { z } from 'zod';
import { duration } from './printed';

/** A run, as far as everybody who waits for one wants to know. */
export const runSchema = z.object({
  id: z.string(),
  kind: z.string(),
  status: z.enum(['queued', 'running', 'completed', 'failed']),
  phase: z.string(),
  done: z.number(),
  total: z.number().nullable(),
  rate: z.number().nullable(),
  eta: z.string().nullable(),
  resumed: z.number().default(0),
  apiCalls: z.number().optional(),
  error: z.object({ code: z.string(), detail: z.string(), until: z.string().optional() }).optional(),
  requestedBy: z.string().default(''),
  requestedAt: z.string(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
  stats: z.record(z.string(), z.number()).default({}),
  failures: z.array(z.object({ itemId: z.string(), error: z.string() })).default([]),
  result: z.unknown().optional(),
});
export type Run = Readonly<z.infer<typeof runSchema>>;

export const isFinished = ({ status }: Pick<Run, 'status'>): boolean =>
  status === 'completed' || status === 'failed';

const BAR = 24;
const LOCALE = 'en';

/** One line, no longer than `columns`. */
export const progressLine = (run: Run, now: number, columns: number): string => {
  const { kind, phase, done, total, rate, eta, apiCalls } = run;
  const parts = [
    `${kind}: ${phase}`,
    total ? `${bar(done / total)} ${whole(done)}/${whole(total)}` : whole(done),
    rate ? `${whole(rate)}/s` : '',
    eta ? `${duration(Math.max(0, (Date.parse(eta) - now) / 1_000))} left` : '',
    apiCalls ? `${whole(apiCalls)} API calls` : '',
  ];
  return parts.filter(Boolean).join('  ').slice(0, columns);
};

/** How long it took. */
export const secondsOf = ({ startedAt, finishedAt }: Run): number | undefined =>
  startedAt && finishedAt ? Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000 : undefined;

/** How a run ended, in one line; its numbers follow where there are some. */
export const endOf = (run: Run): string => {
  const seconds = secondsOf(run);
  const took = seconds === undefined ? '' : ` in ${duration(seconds)}`;
  const error = run.error ? `: ${run.error.detail} (${run.error.code})` : '';
  const numbers = Object.entries(run.stats).flatMap(([name, value]) =>
    value === 0 ? [] : [`${whole(value)} ${inWords(name)}`],
  );
  const failures = run.failures.map(({ itemId, error: fault }) => `  ${itemId}: ${fault}`);
  return [
    `${run.id} ${run.status === 'failed' ? 'failed' : 'is done'}${took}${error}`,
    ...(numbers.length > 0 ? [`  ${numbers.join(', ')}`] : []),
    ...failures,
  ].join('\n');
};

/** `levelsChanged` → `levels changed`. */
export const inWords = (name: string): string =>
  name.replace(/([a-z])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`);

const bar = (share: number): string => {
  const full = Math.round(Math.min(1, Math.max(0, share)) * BAR);
  return `[${'#'.repeat(full)}${'-'.repeat(BAR - full)}]`;
};

const whole = (value: number): string => Math.round(value).toLocaleString(LOCALE);
