import { z } from 'zod';
import { query } from '../api';
import { momentOption, wholeNumber } from '../moment';
import { details, table, time } from '../printed';
import { type AddCommand, examples } from '../stockctl';

const webhookSchema = z.object({
  sequence: z.number(),
  entity: z.string(),
  event: z.string(),
  receivedAt: z.string(),
  status: z.string(),
  document: z.object({ type: z.string(), id: z.string(), number: z.string().optional() }).optional(),
  effect: z.string().optional(),
  error: z.string().optional(),
});
export type Webhook = Readonly<z.infer<typeof webhookSchema>>;
const webhooksSchema = z.object({ items: z.array(webhookSchema), nextCursor: z.string().nullable() });
const wholeSchema = webhookSchema.extend({ url: z.string(), body: z.string() });

type Options = Readonly<{ status?: string; entity?: string; since?: string; until?: string; limit: number }>;

export const addWebhooks: AddCommand = (program, act) => {
  program
    .command('webhooks [sequence]')
    .summary('what Zoho sent, and what became of it')
    .description(
      'Webhooks, the newest first, and what each did to the stock; with a sequence, that one whole.',
    )
    .option('--status <status>', 'applied, stale, absorbed, ignored, dead, rejected or pending')
    .option('--entity <entity>', 'invoice, bill, …')
    .option('--since <time>', 'received then or later', momentOption)
    .option('--until <time>', 'received before', momentOption)
    .option('--limit <count>', 'at most so many', wholeNumber, 50)
    .addHelpText('after', examples('webhooks --status dead --since 12h', 'webhooks 4711'))
    .action(
      act(async ({ api, out }, sequence: string | undefined, { since, until, ...filter }: Options) => {
        if (sequence === undefined) {
          const path = `/api/debug/webhook-log${query({ ...filter, from: since, to: until })}`;
          out.show(await api.get(path, webhooksSchema), webhooksTable);
          return 0;
        }
        const path = `/api/debug/webhook-log/${encodeURIComponent(sequence)}`;
        out.show(await api.get(path, wholeSchema), webhookDetails);
        return 0;
      }),
    );
};

export const webhooksTable = ({ items, nextCursor }: z.infer<typeof webhooksSchema>): string =>
  items.length === 0
    ? 'No webhook.'
    : table(
        ['sequence', 'received', 'what', 'document', 'status', 'effect or error'],
        items.map(({ sequence, receivedAt, entity, event, document, status, effect, error }) => [
          sequence,
          time(receivedAt),
          `${entity} ${event}`,
          document?.number ?? document?.id,
          status,
          error ?? effect,
        ]),
      ) + (nextCursor === null ? '' : '\n… and more: --limit');

const webhookDetails = (webhook: z.infer<typeof wholeSchema>): string =>
  [
    details([
      ['webhook', webhook.sequence],
      ['received', time(webhook.receivedAt)],
      ['what', `${webhook.entity} ${webhook.event}`],
      [
        'document',
        webhook.document && `${webhook.document.type} ${webhook.document.number ?? webhook.document.id}`,
      ],
      ['status', webhook.status],
      ['effect', webhook.effect],
      ['error', webhook.error],
      ['url', webhook.url],
    ]),
    '',
    webhook.body,
  ].join('\n');
