import { z } from 'zod';
import { query } from '../api';
import { runOf, type Wishes } from '../follow-run';
import { table } from '../printed';
import { endOf, isFinished, type Run, runSchema } from '../run-progress';
import { type AddCommand, type ExitCode, examples } from '../stockctl';

type Options = Wishes & Readonly<{ scope?: string; fix?: boolean; last?: boolean }>;

const resultSchema = z.object({
  ok: z.boolean(),
  checks: z.array(
    z.object({
      check: z.string(),
      checked: z.number(),
      broken: z.number(),
      examples: z
        .array(
          z.object({
            what: z.string(),
            seq: z.number().optional(),
            level: z.object({ itemId: z.string(), warehouseId: z.string() }).optional(),
            document: z.string().optional(),
          }),
        )
        .default([]),
      trouble: z.string().optional(),
    }),
  ),
  rebuilds: z.array(z.object({ projection: z.string(), run: z.string() })).default([]),
});
type Result = Readonly<z.infer<typeof resultSchema>>;

/** The newest one is shown as what it found, beside the run. */
const newestSchema = z
  .looseObject({ run: runSchema })
  .transform(({ run, ...result }): Run => ({ ...run, result }));
const PATH = '/api/ops/verify';

export const addVerify: AddCommand = (program, act) => {
  program
    .command('verify')
    .summary('whether everything is consistent')
    .description(
      'Holds the ledger to its rules, and Postgres, Redis and the audit trail to the ledger.\n' +
        'Ends with 1 when anything is broken, or could not be checked.',
    )
    .option('--scope <scope>', 'ledger, balances, stock-cache, audit-trail; default all')
    .option('--fix', 'rebuild the projections that differ; events are never changed')
    .option('--last', 'what the last verification found')
    .option('--join', 'wait for a verification that is on, instead of being refused')
    .option('--detach', 'do not wait for the end')
    .addHelpText('after', examples('verify', 'verify --scope balances --fix', 'verify --last --json'))
    .action(
      act(async (stockctl, { scope, fix, last, ...wishes }: Options) => {
        const { api, out } = stockctl;
        const answer = last
          ? await api.get(`${PATH}${query({ scope })}`, newestSchema)
          : await runOf(stockctl, PATH, { scope, fix }, wishes);
        out.show(answer, (run) => (isFinished(run) ? verdict(run) : run.id));
        return codeOf(answer.value);
      }),
    );
};

/** Of a verification that has ended: one that could not tell proves nothing. One that goes on is not judged. */
export const codeOf = (run: Run): ExitCode => {
  if (!isFinished(run)) return 0;
  return run.status === 'completed' && (resultOf(run)?.ok ?? false) ? 0 : 1;
};

export const verdict = (run: Run): string => {
  const result = resultOf(run);
  if (!result) return endOf(run);
  const { ok, checks, rebuilds } = result;
  return [
    endOf(run),
    '',
    table(
      ['check', 'checked', 'broken', 'trouble'],
      checks.map(({ check, checked, broken, trouble }) => [check, checked, broken, trouble]),
    ),
    ...checks.flatMap(({ check, examples: found }) => found.map((one) => `${check}: ${findingIn(one)}`)),
    ...rebuilds.map(({ projection, run: rebuild }) => `${projection} is rebuilt: stockctl runs ${rebuild}`),
    '',
    ok ? 'All is consistent.' : 'Not all is consistent.',
  ].join('\n');
};

const resultOf = ({ result }: Run): Result | undefined => resultSchema.safeParse(result).data;

const findingIn = ({ what, level, document, seq }: Result['checks'][number]['examples'][number]): string =>
  [level && `${level.itemId} in ${level.warehouseId}`, document, what, seq === undefined ? '' : `#${seq}`]
    .filter(Boolean)
    .join(', ');
