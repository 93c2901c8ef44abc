import path from 'node:path';
import { namingFor } from '@tallystream/contracts';
import { type JetStreamConnection, openConnection } from '@tallystream/jetstream';
import { configOrExit } from '@tallystream/platform';
import { openRedis } from '@tallystream/redis';
import { postgresDump } from './postgres-dump';
import { restoreBackup } from './restore-backup';
import { saveBackup } from './save-backup';

const USAGE = `Usage: backup save <folder> [--streams-only]   saves streams and Postgres into a new folder
       backup restore <folder>                puts them into servers that hold nothing of that namespace

NATS_URL, DATABASE_URL, REDIS_URL and NAMESPACE say which. pg_dump and pg_restore must be on PATH; with
--streams-only Postgres is left out, and what lies there is made again from the streams.
`;

const STREAMS_ONLY = '--streams-only';
const CONNECT_MS = 10_000;

/** Backup and restore: one command each. */
const main = async (args: readonly string[]): Promise<number> => {
  const streamsOnly = args.includes(STREAMS_ONLY);
  const [command, given, ...others] = args.filter((arg) => arg !== STREAMS_ONLY);
  const isKnown = command === 'save' || (command === 'restore' && !streamsOnly);
  if (!given || given.startsWith('-') || others.length > 0 || !isKnown) {
    process.stderr.write(USAGE);
    return 2;
  }
  const config = configOrExit(['NATS_URL', 'DATABASE_URL', 'REDIS_URL']);
  const folder = path.resolve(given);
  const naming = namingFor(config.NAMESPACE);
  const connection = openConnection({ url: config.NATS_URL, name: 'tallystream backup' }, quiet);
  const redis = openRedis(config.REDIS_URL);
  try {
    await connected(connection);
    const postgres = postgresDump(config.DATABASE_URL, naming.schema);
    if (command === 'save')
      await saveBackup({ connection, naming, folder, say, ...(streamsOnly ? {} : { postgres }) });
    else await restoreBackup({ connection, naming, postgres, redis, folder, say });
    return 0;
  } finally {
    redis.disconnect();
    await connection.close();
  }
};

const quiet = { info: () => undefined, warn: () => undefined };

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** An operator who waits at a terminal is told, while an app would go on trying. */
const connected = async (connection: JetStreamConnection): Promise<void> => {
  const signal = AbortSignal.timeout(CONNECT_MS);
  const late = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(new Error('NATS cannot be reached at NATS_URL'))),
  );
  await Promise.race([connection.ready(), late]);
};

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
