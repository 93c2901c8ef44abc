import { z } from 'zod';
import { query } from '../api';
import { table } from '../printed';
import { type AddCommand, examples } from '../stockctl';

const said = z.record(z.string(), z.number()).nullable();
export const comparisonSchema = z.object({
  agree: z.boolean(),
  levels: z.array(
    z.object({
      itemId: z.string(),
      warehouseId: z.string(),
      zoho: said,
      ledger: said,
      postgres: said,
      redis: said,
      agree: z.boolean(),
      differs: z.array(z.string()),
    }),
  ),
  unknownItems: z.array(z.string()),
});
export type Comparison = Readonly<z.infer<typeof comparisonSchema>>;
type Level = Comparison['levels'][number];

const places = ['zoho', 'ledger', 'postgres', 'redis'] as const;

export const addCompare: AddCommand = (program, act) => {
  program
    .command('compare <items...>')
    .summary('what Zoho, the ledger, Postgres and Redis say, side by side')
    .description(
      'What the four places say of an item, level by level. Changes nothing. Ends with 1 unless all agree.',
    )
    .addHelpText(
      'after',
      examples('compare 2646610000000109854', 'compare 2646610000000109854 2646610000000111856'),
    )
    .action(
      act(async ({ api, out }, items: readonly string[]) => {
        const path = `/api/zoho/compare${query({ itemIds: items.join(',') })}`;
        const answer = await api.get(path, comparisonSchema);
        out.show(answer, inWords);
        return answer.value.agree && answer.value.unknownItems.length === 0 ? 0 : 1;
      }),
    );
};

const inWords = ({ agree, levels, unknownItems }: Comparison): string =>
  [
    table(['item', 'warehouse', 'quantity', ...places, 'agree'], levels.flatMap(rowsOf)),
    ...unknownItems.map((item) => `Zoho has no item ${item}`),
    agree ? 'All agree.' : 'Not all agree: stockctl sync <item> sets it right, or holds it for review.',
  ].join('\n');

/** What is on hand and committed, and whatever else differs. */
export const rowsOf = ({ itemId, warehouseId, differs, ...level }: Level) => {
  const names = places.flatMap((place) => Object.keys(level[place] ?? {}));
  const shown = [...new Set(['onHand', 'committed', ...names])].filter(
    (name) => name === 'onHand' || name === 'committed' || differs.some((one) => one.endsWith(`.${name}`)),
  );
  const missing = differs.filter((one) => !one.includes('.')).join('; ');
  return shown.map((name) => [
    itemId,
    warehouseId,
    name,
    ...places.map((place) => level[place]?.[name]),
    missing || (differs.some((one) => one.endsWith(`.${name}`)) ? 'NO' : 'yes'),
  ]);
};
