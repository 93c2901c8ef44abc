import { z } from 'zod';
import { runOf, type Wishes } from '../follow-run';
import { asJson, table } from '../printed';
import { endOf, type Run } from '../run-progress';
import { type AddCommand, examples } from '../stockctl';
import { codeOf } from './sync';

type Options = Wishes & Readonly<{ dryRun?: boolean }>;

export const addRebuild: AddCommand = (program, act) => {
  program
    .command('rebuild <projection>')
    .summary('make a projection anew from the ledger')
    .description(
      'Fills balances, catalogue, drift, audit-trail, stock-cache or webhook-arrivals (with webhook-outcomes) anew\n' +
        'from the ledger, and takes them in the place of the live one.\n' +
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

/** As of rebuilds; other runs have results of their own. */
const reportSchema = z.object({
  differences: z.array(
    z.object({
      table: z.string(),
      missing: z.number(),
      unexpected: z.number(),
      different: z.number(),
      examples: z.array(z.unknown()),
    }),
  ),
  isSame: z.boolean(),
  swapped: z.boolean(),
});

/** How it ended, and what it found. */
export const withResult = (run: Run): string => {
  if (run.result === undefined) return endOf(run);
  const report = reportSchema.safeParse(run.result).data;
  if (!report) return `${endOf(run)}\n${asJson(run.result, 2)}`;
  const { differences, isSame, swapped } = report;
  return [
    endOf(run),
    '',
    table(
      ['of', 'missing', 'unexpected', 'different'],
      differences.map(({ table: of, missing, unexpected, different }) => [
        of,
        missing,
        unexpected,
        different,
      ]),
    ),
    ...differences.flatMap(({ table: of, examples }) => examples.map((one) => `${of}: ${asJson(one)}`)),
    '',
    `${isSame ? 'It was as the ledger has it' : 'It was not as the ledger has it'}${swapped ? ', and is made anew.' : '.'}`,
  ].join('\n');
};
