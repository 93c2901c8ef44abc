import { z } from 'zod';
import { query } from '../api';
import { momentOption, wholeNumber } from '../moment';
import { table, time } from '../printed';
import { type AddCommand, examples } from '../stockctl';

const keySchema = z.object({
  id: z.string(),
  name: z.string(),
  role: z.string(),
  status: z.string(),
  source: z.string(),
  createdAt: z.string().optional(),
  lastUsedAt: z.string().optional(),
  expiresAt: z.string().optional(),
});
export type Key = Readonly<z.infer<typeof keySchema>>;
const keysSchema = z.object({ items: z.array(keySchema), nextCursor: z.string().nullable() });
const secretSchema = keySchema.extend({ key: z.string() });

type CreateOptions = Readonly<{ name: string; role: string; expires?: string; readsPerMinute?: number }>;

export const addKeys: AddCommand = (program, act) => {
  const keys = program
    .command('keys')
    .summary('who may come in: list, create, rotate, revoke')
    .description('API keys. It takes an admin’s key. docs/access.md says which role may do what.');
  keys
    .command('list')
    .description('All keys, the newest first; never the secrets, of which only hashes are kept.')
    .option('--limit <count>', 'at most so many', wholeNumber, 100)
    .addHelpText('after', examples('keys list'))
    .action(
      act(async ({ api, out }, { limit }: { limit: number }) => {
        out.show(await api.get(`/api/keys${query({ limit })}`, keysSchema), keysTable);
        return 0;
      }),
    );
  keys
    .command('create')
    .description('Makes a key, and prints it this once.')
    .requiredOption('--name <name>', 'whose it is')
    .requiredOption('--role <role>', 'reader, auditor, operator or admin')
    .option('--expires <time>', 'when it ends by itself', momentOption)
    .option('--reads-per-minute <count>', 'default: as for all', wholeNumber)
    .addHelpText(
      'after',
      examples("keys create --name 'web shop' --role reader", 'keys create --name ci --role reader --json'),
    )
    .action(
      act(async ({ api, out }, { expires, ...wanted }: CreateOptions) => {
        out.show(await api.post('/api/keys', { ...wanted, expiresAt: expires }, secretSchema), withSecret);
        return 0;
      }),
    );
  keys
    .command('rotate <id>')
    .description('A new key in the place of the old one, which goes on to open for a while.')
    .option('--grace-seconds <count>', 'for how long; default a day', wholeNumber)
    .addHelpText('after', examples('keys rotate 0f1e2d3c4b5a --grace-seconds 3600'))
    .action(
      act(async ({ api, out }, id: string, options: { graceSeconds?: number }) => {
        out.show(
          await api.post(`/api/keys/${encodeURIComponent(id)}/rotate`, options, secretSchema),
          withSecret,
        );
        return 0;
      }),
    );
  keys
    .command('revoke <id>')
    .description('Ends a key, everywhere and for good.')
    .addHelpText('after', examples('keys revoke 0f1e2d3c4b5a'))
    .action(
      act(async ({ api, out }, id: string) => {
        const path = `/api/keys/${encodeURIComponent(id)}/revoke`;
        out.show(await api.post(path, {}, keySchema), (key) => `${key.id} (${key.name}) is ${key.status}`);
        return 0;
      }),
    );
};

const withSecret = ({ id, name, role, key }: z.infer<typeof secretSchema>): string =>
  `${id} (${name}, ${role}). The key, shown this once:\n${key}`;

export const keysTable = ({ items }: z.infer<typeof keysSchema>): string =>
  table(
    ['id', 'name', 'role', 'status', 'from', 'created', 'last used', 'ends'],
    items.map(({ id, name, role, status, source, createdAt, lastUsedAt, expiresAt }) => [
      id,
      name,
      role,
      status,
      source,
      time(createdAt),
      time(lastUsedAt),
      time(expiresAt),
    ]),
  );
