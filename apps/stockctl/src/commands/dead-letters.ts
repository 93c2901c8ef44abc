import { z } from 'zod';
import { query } from '../api';
import { runOf, type Wishes } from '../follow-run';
import { momentOption, wholeNumber } from '../moment';
import { details, table, time } from '../printed';
import { endOf } from '../run-progress';
import { type AddCommand, examples, type Stockctl } from '../stockctl';
import { codeOf } from './sync';

const letterSchema = z.object({
  id: z.number(),
  consumer: z.string(),
  reason: z.string(),
  error: z.string(),
  attempts: z.number(),
  diedAt: z.string(),
  stream: z.string(),
  sequence: z.number(),
  subject: z.string(),
  retries: z.number(),
  status: z.string(),
  decidedAt: z.string().optional(),
  decidedBy: z.string().optional(),
  retriedAs: z.number().optional(),
  note: z.string().optional(),
});
export type Letter = Readonly<z.infer<typeof letterSchema>>;
const lettersSchema = z.object({ items: z.array(letterSchema), nextCursor: z.string().nullable() });
const wholeSchema = letterSchema.extend({ body: z.string().nullable() });
const countSchema = z.object({ count: z.number() });

type Filter = Readonly<{ consumer?: string; reason?: string; since?: string; until?: string }>;
type ListOptions = Filter & Readonly<{ status: string; limit: number }>;
type RetryOptions = Filter & Wishes & Readonly<{ all?: boolean; dryRun?: boolean }>;

const PATH = '/api/ops/dead-letters';

export const addDeadLetters: AddCommand = (program, act) => {
  const letters = program
    .command('dead-letters')
    .summary('what could not be handled: list, show, retry, discard')
    .description('Messages that could not be handled. Those with a passing cause are retried by themselves.');
  const filtered = (name: string) =>
    letters
      .command(name)
      .option('--consumer <name>', 'who could not handle it: translator, observer, …')
      .option('--reason <code>', 'failed, bad_field, …')
      .option('--since <time>', 'died then or later', momentOption)
      .option('--until <time>', 'died before', momentOption);
  filtered('list')
    .description('Dead letters, the last one that died first.')
    .option('--status <status>', 'open, retried, discarded or all', 'open')
    .option('--limit <count>', 'at most so many', wholeNumber, 50)
    .addHelpText('after', examples('dead-letters list --since 12h', 'dead-letters list --status all --json'))
    .action(
      act(async ({ api, out }, { status, limit, ...filter }: ListOptions) => {
        const wanted = query({ status: status === 'all' ? undefined : status, limit, ...filterOf(filter) });
        out.show(await api.get(`${PATH}${wanted}`, lettersSchema), lettersTable);
        return 0;
      }),
    );
  letters
    .command('show <id>')
    .description('One dead letter whole: what it says, and why it could not be handled.')
    .addHelpText('after', examples('dead-letters show 17'))
    .action(
      act(async ({ api, out }, id: string) => {
        out.show(await api.get(`${PATH}/${encodeURIComponent(id)}`, wholeSchema), letterDetails);
        return 0;
      }),
    );
  filtered('retry [id]')
    .description('Puts one back to be handled again, or all that are open and fit what is given.')
    .option('--all', 'all that are open')
    .option('--dry-run', 'only count them')
    .option('--join', 'wait for a retry that is on, instead of being refused')
    .option('--detach', 'do not wait for the end')
    .addHelpText(
      'after',
      examples(
        'dead-letters retry 17',
        'dead-letters retry --since 12h --dry-run',
        'dead-letters retry --all',
      ),
    )
    .action(act(retry));
  letters
    .command('discard <id>')
    .description('Nothing is to be done about it.')
    .requiredOption('--note <text>', 'why')
    .addHelpText('after', examples("dead-letters discard 17 --note 'a test of Zoho’s'"))
    .action(
      act(async ({ api, out }, id: string, { note }: { note: string }) => {
        const path = `${PATH}/${encodeURIComponent(id)}/discard`;
        out.show(
          await api.post(path, { note }, letterSchema),
          (letter) => `${letter.id} is ${letter.status}`,
        );
        return 0;
      }),
    );
};

const retry = async (stockctl: Stockctl, id: string | undefined, options: RetryOptions) => {
  const { api, out } = stockctl;
  const { all, dryRun, join, detach, ...given } = options;
  const filter = filterOf(given);
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  if ([id !== undefined, all, isFiltered].filter(Boolean).length !== 1 || (id !== undefined && dryRun)) {
    out.say('error: say which: an id, or --all, or some by --consumer, --reason, --since, --until');
    return 2;
  }
  if (id !== undefined) {
    const path = `${PATH}/${encodeURIComponent(id)}/retry`;
    out.show(await api.post(path, {}, letterSchema), retried);
    return 0;
  }
  if (dryRun) {
    const answer = await api.post(`${PATH}/retry`, { filter, dryRun: true }, countSchema);
    out.show(answer, ({ count }) => `${count} would be put back`);
    return 0;
  }
  const answer = await runOf(stockctl, `${PATH}/retry`, { filter }, { join, detach });
  out.show(answer, (run) => (detach ? run.id : endOf(run)));
  return codeOf(answer);
};

const filterOf = ({ consumer, reason, since, until }: Filter) => ({
  consumer,
  reason,
  from: since,
  to: until,
});

const retried = ({ id, status, retriedAs }: Letter): string =>
  `${id} is ${status}${retriedAs === undefined ? '' : `, as ${retriedAs}`}`;

export const lettersTable = ({ items, nextCursor }: z.infer<typeof lettersSchema>): string =>
  items.length === 0
    ? 'No dead letter.'
    : table(
        ['id', 'status', 'died', 'consumer', 'what', 'reason', 'retries', 'error'],
        items.map(({ id, status, diedAt, consumer, stream, sequence, reason, retries, error }) => [
          id,
          status,
          time(diedAt),
          consumer,
          `${stream} ${sequence}`,
          reason,
          retries,
          error,
        ]),
      ) + (nextCursor === null ? '' : '\n… and more: --limit');

export const letterDetails = (letter: z.infer<typeof wholeSchema>): string =>
  [
    details([
      ['dead letter', letter.id],
      ['status', letter.status],
      ['consumer', letter.consumer],
      ['reason', letter.reason],
      ['error', letter.error],
      ['died', `${time(letter.diedAt)}, after ${letter.attempts} attempts, put back ${letter.retries} times`],
      ['lay in', `${letter.stream} at ${letter.sequence}, as ${letter.subject}`],
      ['decided', letter.decidedAt && `${time(letter.decidedAt)} by ${letter.decidedBy}`],
      ['handled as', letter.retriedAs],
      ['note', letter.note],
    ]),
    '',
    letter.body ?? 'Its stream does not keep it any more.',
  ].join('\n');
