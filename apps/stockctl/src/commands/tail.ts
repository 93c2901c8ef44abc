import { EventSource } from 'eventsource';
import { z } from 'zod';
import { query, refusalOf, Unreachable } from '../api';
import { wholeNumber } from '../moment';
import { signed, time } from '../printed';
import { inWords } from '../run-progress';
import { type AddCommand, type ExitCode, examples, type Stockctl } from '../stockctl';

const changeSchema = z.object({
  seq: z.number(),
  itemId: z.string(),
  sku: z.string().optional(),
  warehouseId: z.string(),
  stock: z.number().nullable(),
  delta: z.record(z.string(), z.number()),
  reason: z.string(),
  recordedAt: z.string(),
});
export type Change = Readonly<z.infer<typeof changeSchema>>;

type Options = Readonly<{ items?: string; warehouses?: string; since?: number; limit?: number }>;

export const addTail: AddCommand = (program, act) => {
  program
    .command('tail')
    .summary('changes of stock, as they happen')
    .description(
      'Changes of stock as they happen, one a line, through restarts of the server. Ctrl-C ends it.',
    )
    .option('--items <ids>', 'only these, comma-separated')
    .option('--warehouses <ids>', 'only these, comma-separated')
    .option('--since <sequence>', 'begin after this position; 0: from the beginning', wholeNumber)
    .option('--limit <count>', 'end after so many', wholeNumber)
    .addHelpText(
      'after',
      examples('tail', 'tail --items 2646610000000109854', "tail --since 0 --json | jq -r '.itemId'"),
    )
    .action(act(tail));
};

const tail = async ({ api, out }: Stockctl, { limit, ...filter }: Options): Promise<ExitCode> => {
  let told = 0;
  let wasOpen = false;
  /** Why the last attempt came to nothing. */
  let failure: unknown;
  const source = new EventSource(`${api.url}/api/stock/stream${query(filter)}`, {
    fetch: async (url, { signal, headers }) => {
      try {
        const response = await api.open(String(url).slice(api.url.length), {
          signal: signal ?? null,
          headers,
        });
        failure = response.ok ? undefined : await refusalOf(response);
        return response;
      } catch (error) {
        failure = error;
        throw error;
      }
    },
  });
  try {
    await new Promise<void>((resolve, reject) => {
      process.once('SIGINT', resolve);
      source.onmessage = ({ data }) => {
        // What came with the last one is told to us, too.
        if (told === limit) return;
        const change = changeSchema.parse(JSON.parse(data));
        out.line(JSON.parse(data), changeLine(change));
        told += 1;
        if (told === limit) resolve();
      };
      source.onopen = () => {
        wasOpen = true;
      };
      source.onerror = () => {
        if (wasOpen && source.readyState !== EventSource.CLOSED) out.say('connection lost; trying again …');
        else reject(failure ?? new Unreachable(`${api.url} does not tell any more`));
      };
    });
    return 0;
  } finally {
    source.close();
  }
};

/** `10:31:02  PROD-001 in 2646…: 117  (+3 committed, sale commitment)  #4711`. */
export const changeLine = ({
  seq,
  itemId,
  sku,
  warehouseId,
  stock,
  delta,
  reason,
  recordedAt,
}: Change): string => {
  const moved = Object.entries(delta).map(([name, value]) => `${signed(value)} ${inWords(name)}`);
  const why = [...moved, reason.replaceAll('_', ' ')].join(', ');
  return `${time(recordedAt)}  ${sku ?? itemId} in ${warehouseId}: ${stock ?? 'unknown'}  (${why})  #${seq}`;
};
