import { z } from 'zod';
import { runOf, type Wishes } from '../follow-run';
import { type Run, runSchema } from '../run-progress';
import { type AddCommand, type ExitCode, examples } from '../stockctl';
import { withResult } from './rebuild';

type Options = Wishes & Readonly<{ scope?: string; fix?: boolean; last?: boolean }>;

const newestSchema = z.union([runSchema, z.object({ run: runSchema }).transform(({ run }) => run)]);
const PATH = '/api/ops/verify';

export const addVerify: AddCommand = (program, act) => {
  program
    .command('verify')
    .summary('whether everything is consistent')
    .description(
      'Holds the ledger to its rules, and Postgres, Redis and the audit trail to the ledger.\n' +
        'Ends with 1 when anything is broken.',
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
          ? await api.get(PATH, newestSchema)
          : await runOf(stockctl, PATH, { scope, fix }, wishes);
        out.show(answer, (run) => (wishes.detach ? run.id : verdict(run)));
        return codeOf(answer.value);
      }),
    );
};

/** A verification that did not end proves nothing; one that is left to itself is not judged. */
const codeOf = ({ status, stats }: Run): ExitCode => (status === 'failed' || (stats.broken ?? 0) > 0 ? 1 : 0);

export const verdict = (run: Run): string => {
  const { broken } = run.stats;
  const found = broken === undefined ? '' : broken === 0 ? '\nAll is consistent.' : `\n${broken} are broken.`;
  return `${withResult(run)}${run.status === 'completed' ? found : ''}`;
};
