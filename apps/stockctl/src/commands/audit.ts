import { availableForSale } from '@tallystream/contracts';
import { z } from 'zod';
import { query } from '../api';
import { momentOption, wholeNumber } from '../moment';
import { signed, table, time } from '../printed';
import { type AddCommand, examples } from '../stockctl';
import { type Stock, stockSchema } from './stock';

const quantities = z.object({
  onHand: z.number(),
  committed: z.number(),
  physicalOnHand: z.number(),
  physicalCommitted: z.number(),
  inTransit: z.number(),
  reserved: z.number(),
});
const entrySchema = z.object({
  seq: z.number(),
  type: z.string(),
  itemName: z.string().optional(),
  warehouseName: z.string().optional(),
  delta: quantities.partial().optional(),
  after: quantities.optional(),
  reason: z.string().optional(),
  document: z.object({ type: z.string(), id: z.string(), number: z.string().optional() }).optional(),
  cause: z.object({ kind: z.string(), id: z.string(), actor: z.string() }),
  occurredAt: z.string(),
});
export type Entry = Readonly<z.infer<typeof entrySchema>>;
const entriesSchema = z.object({ items: z.array(entrySchema), nextCursor: z.string().nullable() });

type Options = Readonly<{ warehouse?: string; since?: string; until?: string; limit: number }>;

export const addAudit: AddCommand = (program, act) => {
  program
    .command('audit <item>')
    .summary('why a number is what it is')
    .description(
      'Why the stock of an item is what it is: what moved it, the newest first. Ends with 1 when nothing is known of it.',
    )
    .option('--warehouse <id>', 'default: the sales warehouse')
    .option('--since <time>', 'what happened then or later', momentOption)
    .option('--until <time>', 'what happened before', momentOption)
    .option('--limit <count>', 'at most so many', wholeNumber, 20)
    .addHelpText(
      'after',
      examples('audit 2646610000000109854', 'audit 2646610000000109854 --since 2d --json'),
    )
    .action(
      act(async ({ api, out }, item: string, { warehouse, since, until, limit }: Options) => {
        const path = `/api/stock/${encodeURIComponent(item)}${query({ warehouse })}`;
        const stock = await api.get(path, stockSchema);
        const filter = { item, warehouse: stock.value.warehouseId, from: since, to: until, limit };
        const entries = await api.get(`/api/audit/events${query(filter)}`, entriesSchema);
        const raw = { stock: stock.raw, events: entries.raw };
        out.show({ raw, value: entries.value }, (value) => story(stock.value, value));
        return entries.value.items.length === 0 ? 1 : 0;
      }),
    );
};

/** The number, how it is made up, and what moved it. */
export const story = (stock: Stock, { items, nextCursor }: z.infer<typeof entriesSchema>): string => {
  const { itemName, warehouseName } = items.find((entry) => entry.itemName) ?? {};
  const item = itemName ? `${itemName} (${stock.itemId})` : stock.itemId;
  const where = warehouseName ?? stock.warehouseId;
  if (items.length === 0) return `The ledger tells nothing of ${item} in ${where}.`;
  return [
    stock.stock === null
      ? `${item} in ${where}: nobody knows how many. Zoho has not been asked yet.`
      : `${item} in ${where}: ${stock.stock} can be sold.`,
    ...sum(stock),
    '',
    table(
      ['when', 'on hand', 'committed', 'for sale', 'why'],
      items.map((entry) => [
        time(entry.occurredAt),
        moved(entry, 'onHand'),
        moved(entry, 'committed'),
        entry.after && availableForSale(entry.after),
        why(entry),
      ]),
    ),
    ...(nextCursor === null ? [] : ['… and more: --limit, --until']),
  ].join('\n');
};

/** `117 = 120 on hand − 3 committed`, and what else is to be said of it. */
const sum = ({ quantities: level, disputed, asOf, revision }: Stock): readonly string[] => {
  const { onHand = 0, committed = 0, reserved = 0 } = level ?? {};
  const parts = [
    `${onHand} on hand`,
    `${committed} committed`,
    ...(reserved ? [`${reserved} reserved`] : []),
  ];
  return [
    ...(level
      ? [`  ${parts.join(' − ')} = ${availableForSale(level)}, after ${revision ?? '?'} changes`]
      : []),
    ...(disputed
      ? [`  Zoho says ${disputed.zoho}. The lower one is sold until somebody decides: stockctl drift list`]
      : []),
    asOf ? `  last seen in Zoho at ${time(asOf)}` : '  never seen in Zoho yet',
  ];
};

/** `120 (+3)`. */
const moved = ({ after, delta }: Entry, name: 'onHand' | 'committed'): string | undefined => {
  const by = delta?.[name];
  return after && `${after[name]}${by ? ` (${signed(by)})` : ''}`;
};

const TYPES: Readonly<Record<string, string>> = {
  DriftDetected: 'Zoho was found to differ',
  DriftResolved: 'the difference was decided',
};
const REASONS: Readonly<Record<string, string>> = {
  sale_commitment: 'promised to a customer',
  purchase_return: 'returned to the supplier',
  customer_return: 'returned by a customer',
  void: 'taken back',
  observation: 'seen in Zoho',
  reconciliation: 'set right to what Zoho has',
};
const CAUSES: Readonly<Record<string, string>> = {
  webhook: 'webhook',
  sync: 'run',
  observation: 'look at Zoho',
  drift: 'decision on drift',
};

/** `sale: invoice INV-000123, by webhook 4711`. */
export const why = ({ type, reason, document, cause }: Entry): string => {
  const what = (reason && (REASONS[reason] ?? reason.replaceAll('_', ' '))) ?? TYPES[type] ?? type;
  const which = document ? `: ${document.type} ${document.number ?? document.id}` : '';
  const who = ['zoho', 'reconciler', 'translator'].includes(cause.actor) ? '' : ` (${cause.actor})`;
  return `${what}${which}, by ${CAUSES[cause.kind] ?? cause.kind} ${cause.id}${who}`;
};
