import { z } from 'zod';
import { query } from '../api';
import { type AddCommand, examples } from '../stockctl';

export const stockSchema = z.object({
  itemId: z.string(),
  warehouseId: z.string(),
  stock: z.number().nullable(),
  source: z.string(),
  quantities: z.record(z.string(), z.number()).optional(),
  disputed: z.object({ zoho: z.number() }).optional(),
  revision: z.number().optional(),
  asOf: z.string().optional(),
  message: z.string().optional(),
});
export type Stock = Readonly<z.infer<typeof stockSchema>>;

export const addStock: AddCommand = (program, act) => {
  program
    .command('stock <item>')
    .summary('how many of an item can be sold')
    .description('How many of an item can be sold, as shops are told. Ends with 1 when nobody knows.')
    .option('--warehouse <id>', 'default: the sales warehouse')
    .addHelpText('after', examples('stock 2646610000000109854', 'stock 2646610000000109854 --json'))
    .action(
      act(async ({ api, out }, item: string, { warehouse }: { warehouse?: string }) => {
        const path = `/api/stock/${encodeURIComponent(item)}${query({ warehouse })}`;
        const answer = await api.get(path, stockSchema);
        out.show(answer, stockLine);
        return answer.value.stock === null ? 1 : 0;
      }),
    );
};

export const stockLine = ({ itemId, warehouseId, stock, source, message, disputed }: Stock): string => {
  const dispute = disputed ? `; Zoho says ${disputed.zoho}, and nobody has decided yet` : '';
  return `${itemId} in ${warehouseId}: ${stock ?? message ?? 'nobody knows'} (from ${source})${dispute}`;
};
