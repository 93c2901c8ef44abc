import type { Naming } from '@tallystream/contracts';
import { type JetStreamConnection, restoreStream } from '@tallystream/jetstream';
import type { Redis } from '@tallystream/redis';
import { type Manifest, readManifest, type StreamEntry } from './manifest';
import type { PostgresDump } from './postgres-dump';
import { checkSavedFile, readSavedFile } from './saved-file';

export type Restoring = Readonly<{
  connection: JetStreamConnection;
  naming: Naming;
  postgres: PostgresDump;
  redis: Redis;
  folder: string;
  say: (line: string) => void;
}>;

/**
 * Puts a backup into servers that hold nothing of its namespace, while no app runs.
 * @throws before anything is changed, when a file is not whole or something is there already
 */
export const restoreBackup = async (parts: Restoring): Promise<void> => {
  const { connection, naming, postgres, redis, folder, say } = parts;
  const manifest = await readManifest(folder);
  await refuse(manifest, parts);
  if (manifest.postgres) {
    await postgres.restore(readSavedFile(folder, manifest.postgres));
    say(`postgres ${naming.schema}: restored`);
  }
  const restored: string[] = [];
  try {
    for (const entry of manifest.streams) {
      const { config, state } = entry;
      restored.push(config.name);
      await restoreStream(connection, { config, state }, readSavedFile(folder, entry));
      await compareWith(entry, connection);
      say(`${config.name}: ${state.messages} messages up to ${state.last_seq}`);
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${why}\nHalf of the backup is in: delete ${restored.join(', ')} and the schema ${naming.schema}, then restore again`,
      { cause: error },
    );
  }
  await forgetStock(redis, naming);
  say(`restored what was saved at ${manifest.savedAt}; start the apps`);
};

const refuse = async (manifest: Manifest, { connection, naming, folder }: Restoring): Promise<void> => {
  if (manifest.namespace !== naming.namespace) {
    throw new Error(`this is a backup of NAMESPACE ${manifest.namespace}, not of ${naming.namespace}`);
  }
  const files = [...(manifest.postgres ? [manifest.postgres] : []), ...manifest.streams];
  for (const file of files) await checkSavedFile(folder, file);
  const ours = new Set(manifest.streams.map(({ config }) => config.name));
  const manager = await connection.manager();
  const found: string[] = [];
  for await (const name of manager.streams.names()) if (ours.has(name)) found.push(name);
  if (found.length > 0) {
    throw new Error(
      `there is already ${found.join(', ')}: a backup goes into servers that hold nothing of it`,
    );
  }
};

const compareWith = async (
  { config, state }: StreamEntry,
  connection: JetStreamConnection,
): Promise<void> => {
  const found = (await (await connection.manager()).streams.info(config.name)).state;
  const isSame = found.messages === state.messages && found.last_seq === state.last_seq;
  if (!isSame) {
    throw new Error(
      `${config.name} came back with ${found.messages} messages up to ${found.last_seq}, not ${state.messages} up to ${state.last_seq}`,
    );
  }
};

/** Numbers of after the backup would stand in the way of those that are right now. The apps fill it anew. */
const forgetStock = async (redis: Redis, naming: Naming): Promise<void> => {
  if (redis.status !== 'ready') await new Promise((resolve) => redis.once('ready', resolve));
  for (const pattern of ['stock:*', 'stock-cache:*']) {
    for await (const found of redis.scanStream({ match: naming.redisKey(pattern), count: 1_000 })) {
      const keys: readonly string[] = found;
      if (keys.length > 0) await redis.unlink(...keys);
    }
  }
};
