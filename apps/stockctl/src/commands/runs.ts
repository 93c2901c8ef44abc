import { z } from 'zod';
import { query } from '../api';
import { follow } from '../follow-run';
import { wholeNumber } from '../moment';
import { duration, table, time } from '../printed';
import { endOf, type Run, runSchema, secondsOf } from '../run-progress';
import { type AddCommand, examples } from '../stockctl';
import { codeOf } from './sync';

const runsSchema = z.object({ items: z.array(runSchema), nextCursor: z.string().nullable() });
type Options = Readonly<{ kind?: string; status?: string; limit: number }>;

export const addRuns: AddCommand = (program, act) => {
  program
    .command('runs [id]')
    .summary('what was asked for that takes long: all, or one until its end')
    .description('Runs, the newest first; with an id, that one until it ends. Ends with 1 when it failed.')
    .option('--kind <kind>', 'stock, full, items, verify, …')
    .option('--status <status>', 'queued, running, completed or failed')
    .option('--limit <count>', 'at most so many', wholeNumber, 20)
    .addHelpText('after', examples('runs', 'runs --status failed', 'runs stock-20260107T103102Z-1a2b3c'))
    .action(
      act(async (stockctl, id: string | undefined, { kind, status, limit }: Options) => {
        const { api, out } = stockctl;
        if (id === undefined) {
          out.show(await api.get(`/api/sync/runs${query({ kind, status, limit })}`, runsSchema), runsTable);
          return 0;
        }
        const answer = await follow(stockctl, id);
        out.show(answer, endOf);
        return codeOf(answer);
      }),
    );
};

export const runsTable = ({ items }: Readonly<{ items: readonly Run[] }>): string =>
  table(
    ['run', 'status', 'asked for', 'by', 'took', 'done', 'error'],
    items.map((run) => {
      const seconds = secondsOf(run);
      const took = seconds === undefined ? '' : duration(seconds);
      return [run.id, run.status, time(run.requestedAt), run.requestedBy, took, run.done, run.error?.detail];
    }),
  );
