import { type StreamName, streamNames } from '@tallystream/contracts';
import Redis from 'ioredis';
import { connect, type JetStreamManager } from 'nats';
import type { Stores } from './stores';
import type { System } from './system';

type Extent = Readonly<{ messages: number; firstSeq: number; lastSeq: number }>;

/** Whatever is kept anywhere, so that two moments can be compared. */
export type Everything = Readonly<{
  /** All streams but `ZOHO_RUNS`. */
  streams: Readonly<Partial<Record<StreamName, Extent>>>;
  /** Subjects of `ZOHO_RUNS`, which keeps one message of each. */
  runs: readonly Readonly<{ subject: string; seq: number }>[];
  /** A checksum over the rows of every table. */
  tables: Readonly<Record<string, string>>;
  /** Every stock key of Redis. */
  stock: Readonly<Record<string, unknown>>;
}>;

export const everythingKept = async (
  system: Pick<System, 'servers' | 'naming'>,
  stores: Stores,
): Promise<Everything> => ({
  ...(await inStreams(system)),
  tables: await inTables(system, stores),
  stock: await inRedis(system),
});

const inStreams = async ({ servers, naming }: Pick<System, 'servers' | 'naming'>) => {
  const nats = await connect({ servers: new URL(servers.natsUrl).host });
  try {
    const manager = await nats.jetstreamManager();
    const extents = await Promise.all(
      streamNames
        .filter((name) => name !== 'ZOHO_RUNS')
        .map(async (name): Promise<[StreamName, Extent]> => {
          const { state } = await manager.streams.info(naming.stream(name));
          const { messages, first_seq: firstSeq, last_seq: lastSeq } = state;
          return [name, { messages, firstSeq, lastSeq }];
        }),
    );
    const streams: Everything['streams'] = Object.fromEntries(extents);
    return { streams, runs: await newestOfEach(manager, naming.stream('ZOHO_RUNS')) };
  } finally {
    await nats.close();
  }
};

const newestOfEach = async (manager: JetStreamManager, stream: string): Promise<Everything['runs']> => {
  const { state } = await manager.streams.info(stream, { subjects_filter: '>' });
  const subjects = Object.keys(state.subjects ?? {}).sort();
  return Promise.all(
    subjects.map(async (subject) => ({
      subject,
      seq: (await manager.streams.getMessage(stream, { last_by_subj: subject })).seq,
    })),
  );
};

const inTables = async (
  { naming }: Pick<System, 'naming'>,
  stores: Stores,
): Promise<Everything['tables']> => {
  const tables = await stores.sql(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = '${naming.schema}' AND table_type = 'BASE TABLE' ORDER BY 1`,
  );
  const checksums: Record<string, string> = {};
  for (const { name } of tables) {
    const [row] = await stores.sql(
      `SELECT count(*) || ' ' || coalesce(md5(string_agg(line, chr(10) ORDER BY line)), '') AS checksum
       FROM (SELECT each::text AS line FROM ${naming.schema}.${name} AS each) AS lines`,
    );
    checksums[name] = row.checksum;
  }
  return checksums;
};

const inRedis = async ({ servers, naming }: Pick<System, 'servers' | 'naming'>) => {
  const redis = new Redis(servers.redisUrl);
  try {
    const keys = (await redis.keys(naming.redisKey('stock:*'))).sort();
    const values = await Promise.all(
      keys.map(async (key): Promise<[string, unknown]> => {
        const isLevel = (await redis.type(key)) === 'hash';
        return [key, isLevel ? await redis.hgetall(key) : await redis.get(key)];
      }),
    );
    return Object.fromEntries(values);
  } finally {
    redis.disconnect();
  }
};
