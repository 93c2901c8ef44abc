import { parseArgs } from 'node:util';

const USAGE = `Usage: stockctl <command> [options]

  status            how each part of Tallystream is
  stock <item>      how many of an item can be sold   [--warehouse <id>]

Options:
  --json            the answer as JSON
  TALLY_URL, API_KEY in the environment say where, and who you are.

Examples:
  stockctl status
  stockctl stock 2646610000000109854 --json
`;

/** The operator's command line: asks the HTTP API and prints for people, or with --json for scripts. */
const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean' }, help: { type: 'boolean' }, warehouse: { type: 'string' } },
  });
  const [command, argument] = positionals;
  if (values.help) return print(USAGE);
  if (command === 'status') return show(await get('/health/ready'), values.json === true, statusTable);
  if (command === 'stock' && argument) {
    const query = values.warehouse ? `?warehouse=${encodeURIComponent(values.warehouse)}` : '';
    return show(
      await get(`/api/stock/${encodeURIComponent(argument)}${query}`),
      values.json === true,
      stockLine,
    );
  }
  process.stderr.write(USAGE);
  return 2;
};

type Answer = Readonly<{ ok: boolean; body: Readonly<Record<string, unknown>> }>;

const get = async (path: string): Promise<Answer> => {
  const { TALLY_URL = 'http://127.0.0.1:3000', API_KEY } = process.env;
  const response = await fetch(TALLY_URL + path, {
    headers: API_KEY ? { authorization: `Bearer ${API_KEY}` } : {},
  });
  const body: unknown = await response.json();
  return { ok: response.ok, body: typeof body === 'object' && body !== null ? { ...body } : {} };
};

const show = (answer: Answer, json: boolean, readable: (body: Answer['body']) => string): number => {
  print(json ? JSON.stringify(answer.body, null, 2) : readable(answer.body));
  return answer.ok ? 0 : 1;
};

const statusTable = ({ parts, detail }: Answer['body']): string =>
  typeof parts === 'object' && parts !== null
    ? Object.entries(parts)
        .map(([name, part]) => `${name.padEnd(14)} ${part.status.padEnd(9)} ${part.detail ?? ''}`.trimEnd())
        .join('\n')
    : String(detail);

const stockLine = ({ itemId, warehouseId, stock, source, message, detail }: Answer['body']): string =>
  itemId === undefined ? String(detail) : `${itemId} in ${warehouseId}: ${stock ?? message} (from ${source})`;

const print = (text: string): number => {
  process.stdout.write(`${text.trimEnd()}\n`);
  return 0;
};

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
