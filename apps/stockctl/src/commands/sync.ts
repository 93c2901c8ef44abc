import type { Answer } from '../api';
import { runOf, type Wishes } from '../follow-run';
import { endOf, isFinished, type Run } from '../run-progress';
import { type AddCommand, type ExitCode, examples } from '../stockctl';

type Options = Wishes & Readonly<{ full?: boolean; dryRun?: boolean }>;

export const addSync: AddCommand = (program, act) => {
  program
    .command('sync [items...]')
    .summary('compare the stock with Zoho now')
    .description(
      'Looks at the stock of all items in Zoho, or of some: small drift is set right, more is held for review.\n' +
        'Ends with 1 when the run failed, or items could not be read.',
    )
    .option('--full', 'warehouses, names and prices, too')
    .option('--dry-run', 'judge, and change nothing')
    .option('--join', 'wait for a run that is on, instead of being refused')
    .option('--detach', 'do not wait for the end')
    .addHelpText(
      'after',
      examples('sync', 'sync 2646610000000109854 --dry-run', 'sync --full --detach', 'sync --join --json'),
    )
    .action(
      act(async (stockctl, items: readonly string[], options: Options) => {
        const { full, dryRun = false } = options;
        if (full && (dryRun || items.length > 0)) {
          stockctl.out.say('error: --full is of everything, and changes it: without items and --dry-run');
          return 2;
        }
        const body = items.length > 0 ? { mode: 'items', itemIds: items, dryRun } : { mode: 'full', dryRun };
        const answer = full
          ? await runOf(stockctl, '/api/zoho/sync/full', {}, options)
          : await runOf(stockctl, '/api/reconciliation/runs', body, options);
        stockctl.out.show(answer, (run) => (options.detach ? run.id : endOf(run)));
        return codeOf(answer);
      }),
    );
};

/** Of a run that has ended, or is left to itself. */
export const codeOf = ({ value }: Answer<Run>): ExitCode => {
  if (!isFinished(value)) return 0;
  return value.status === 'completed' && (value.stats.failed ?? 0) === 0 ? 0 : 1;
};
