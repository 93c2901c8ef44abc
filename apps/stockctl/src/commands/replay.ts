import { runOf, type Wishes } from '../follow-run';
import { momentOption } from '../moment';
import { endOf } from '../run-progress';
import { type AddCommand, examples } from '../stockctl';
import { codeOf } from './sync';

type Options = Wishes &
  Readonly<{ from: string; to?: string; entity?: string; document?: string; dryRun?: boolean }>;

export const addReplay: AddCommand = (program, act) => {
  program
    .command('replay')
    .summary('handle stored webhooks again')
    .description(
      'Handles stored webhooks again. What is applied already changes nothing, so too many do no harm.\n' +
        'Ends with 1 when the run failed.',
    )
    .requiredOption('--from <time>', 'received then or later', momentOption)
    .option('--to <time>', 'received before; default now', momentOption)
    .option('--entity <entity>', 'only these: invoice, bill, …')
    .option('--document <id>', 'only of this document')
    .option('--dry-run', 'only count them')
    .option('--join', 'wait for a replay that is on, instead of being refused')
    .option('--detach', 'do not wait for the end')
    .addHelpText(
      'after',
      examples(
        'replay --from 12h --dry-run',
        'replay --from 2026-01-07T22:00Z --to 2026-01-08T06:00Z --entity invoice',
      ),
    )
    .action(
      act(async (stockctl, options: Options) => {
        const {
          from,
          to = momentOption(new Date().toISOString()),
          entity,
          document,
          dryRun,
          ...wishes
        } = options;
        const wanted = { from, to, entity, documentId: document, dryRun };
        const answer = await runOf(stockctl, '/api/ops/inbox/replay', wanted, wishes);
        stockctl.out.show(answer, (run) => (wishes.detach ? run.id : endOf(run)));
        return codeOf(answer);
      }),
    );
};
