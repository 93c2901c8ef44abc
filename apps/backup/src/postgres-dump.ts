import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** Postgres's own tools at work on one schema; errors are theirs. */
export type PostgresDump = Readonly<{
  /** The schema with its rows, as of one moment, in the custom format of pg_dump. */
  save: () => AsyncIterable<Uint8Array>;
  /** All of it or nothing; the schema must not exist. */
  restore: (dump: AsyncIterable<Uint8Array>) => Promise<void>;
}>;

export const postgresDump = (url: string, schema: string): PostgresDump => ({
  save: async function* () {
    const tool = start('pg_dump', ['--format=custom', '--no-owner', `--schema=${schema}`], url);
    tool.child.stdin.end();
    yield* tool.child.stdout;
    await tool.ended;
  },
  restore: async (dump) => {
    const args = ['--single-transaction', '--exit-on-error', '--no-owner', `--dbname=${databaseOf(url)}`];
    const tool = start('pg_restore', args, url);
    // Its own word on why it ended counts more than ours, that it does not listen any more.
    const fed = feed(tool.child.stdin, dump).catch((error: unknown) => error);
    await tool.ended;
    const broken = await fed;
    if (broken) throw broken;
  },
});

const start = (program: string, args: readonly string[], url: string) => {
  const child = spawn(program, args, { env: { ...process.env, ...environmentOf(url) } });
  const said = text(child.stderr);
  const ended = (async () => {
    const [code] = await once(child, 'close').catch((error: unknown) => {
      throw new Error(`${program} cannot be run: install the Postgres client programs`, { cause: error });
    });
    if (code !== 0) throw new Error(`${program} failed: ${(await said).trim()}`);
  })();
  ended.catch(() => undefined);
  return { child, ended };
};

const feed = async (stdin: NodeJS.WritableStream, chunks: AsyncIterable<Uint8Array>): Promise<void> => {
  for await (const chunk of chunks) if (!stdin.write(chunk)) await once(stdin, 'drain');
  stdin.end();
};

/** By environment, not by argument: arguments are shown to everybody on the machine. */
const environmentOf = (given: string) => {
  const url = new URL(given);
  const sslmode = url.searchParams.get('sslmode');
  return {
    PGHOST: url.hostname.replace(/^\[|\]$/g, ''),
    PGPORT: url.port || '5432',
    PGUSER: decodeURIComponent(url.username),
    PGPASSWORD: decodeURIComponent(url.password),
    PGDATABASE: databaseOf(given),
    ...(sslmode ? { PGSSLMODE: sslmode } : {}),
  };
};

const databaseOf = (url: string): string => decodeURIComponent(new URL(url).pathname.slice(1));
