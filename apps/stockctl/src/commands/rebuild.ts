import { runOf, type Wishes } from '../follow-run';
import { asJson } from '../printed';
import { endOf, type Run } from '../run-progress';
import { type AddCommand, examples } from '../stockctl';
import { codeOf } from './sync';

type Options = Wishes & Readonly<{ dryRun?: boolean }>;

export const addRebuild: AddCommand = (program, act) => {
  program
    .command('rebuild <projection>')
    .summary('make a projection anew from the ledger')
    .description(
      'Fills balances, stock-cache, audit-trail or drift anew from the ledger, beside the live one, and swaps them.\n' +
        'Reads go on meanwhile. Ends with 1 when the run failed, or as a dry run, when anything differs.',
    )
    .option('--dry-run', 'tell what differs from the live one, and change nothing')
    .option('--join', 'wait for a rebuild that is on, instead of being refused')
    .option('--detach', 'do not wait for the end')
    .addHelpText(
      'after',
      examples('rebuild stock-cache', 'rebuild balances --dry-run', 'rebuild audit-trail --detach'),
    )
    .action(
      act(async (stockctl, projection: string, { dryRun = false, ...wishes }: Options) => {
        const path = `/api/ops/projections/${encodeURIComponent(projection)}/rebuild`;
        const answer = await runOf(stockctl, path, { dryRun }, wishes);
        stockctl.out.show(answer, (run) => (wishes.detach ? run.id : withResult(run)));
        return dryRun && differs(answer.value) ? 1 : codeOf(answer);
      }),
    );
};

/** Whether the live one is not as the ledger has it. */
export const differs = ({ stats: { missing = 0, unexpected = 0, different = 0 } }: Run): boolean =>
  missing + unexpected + different > 0;

/** How it ended, and what it found. */
export const withResult = (run: Run): string =>
  run.result === undefined ? endOf(run) : `${endOf(run)}\n${asJson(run.result, 2)}`;
