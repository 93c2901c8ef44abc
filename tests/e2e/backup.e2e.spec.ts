import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { eventually, natsOptions } from '@tallystream/testing';
import Redis from 'ioredis';
import { connect } from 'nats';
import { Client } from 'pg';
import { postgresClientFolder } from '../../deploy/local/postgres-client';
import { asLines, storedLevels } from './levels';
import { askForRun, ended } from './runs';
import { openStores, type Stores } from './stores';
import { type System, startSystem } from './system';

jest.setTimeout(180_000);

const root = path.join(__dirname, '../..');

/** Whether Postgres is in the backup or made again from the streams, what comes back is the same. */
describe.each([[[]], [['--streams-only']]])('a backup %j', (options: readonly string[]) => {
  let system: System;
  let folder: string;
  let held: Awaited<ReturnType<typeof contents>>;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'tally-backup-'));
    system = await startSystem({ simulator: { SIMULATOR_ITEMS: '60', SIMULATOR_WEBHOOK_DUPLICATE: '0.1' } });
  });
  afterAll(async () => {
    await system?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const backup = async (...args: readonly string[]) => {
    const { natsUrl, databaseUrl, redisUrl } = system.servers;
    const programs = [postgresClientFolder() ?? '', process.env.PATH].join(path.delimiter);
    const child = spawn(
      process.execPath,
      ['--require', './tests/typescript-hook.js', 'apps/backup/src/main.ts', ...args],
      {
        cwd: root,
        env: {
          PATH: programs,
          NATS_URL: natsUrl,
          DATABASE_URL: databaseUrl,
          REDIS_URL: redisUrl,
          NAMESPACE: system.naming.namespace,
        },
      },
    );
    const said = Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = await once(child, 'close');
    return { code, said: (await said).join('\n') };
  };
  const saved = () => path.join(folder, 'backup');

  const withStores = async <T>(work: (stores: Stores) => Promise<T>): Promise<T> => {
    const stores = await openStores(system);
    try {
      return await work(stores);
    } finally {
      await stores.close();
    }
  };
  /** What auditors, shops and operators would look at. */
  const contents = () =>
    withStores(async (stores) => ({
      levels: asLines(await storedLevels(stores)),
      audit: await stores.sql('SELECT sequence, hash, recorded_at FROM audit_events ORDER BY sequence'),
      webhooks: await stores.sql('SELECT sequence, status FROM webhook_log ORDER BY sequence'),
    }));
  const traded = async (count: number) => {
    await system.zoho.post('transactions', { count });
    await quiet();
  };
  const quiet = () =>
    eventually(async () => {
      const { queue } = await system.get<{ queue: Record<string, number> }>('/api/zoho/sync/stats');
      expect(queue).toMatchObject({ pending: 0, processing: 0 });
    }, 60_000);

  it('is taken while webhooks come in', async () => {
    await traded(100);
    const trading = system.zoho.post('transactions', { count: 100 });
    expect(await backup('save', saved(), ...options)).toMatchObject({
      code: 0,
      said: expect.stringContaining(`saved into ${saved()}`),
    });
    await trading;
  });

  it('into a folder that is there already, or of another namespace, is refused', async () => {
    expect(await backup('save', saved())).toMatchObject({
      code: 1,
      said: expect.stringContaining('a backup goes into a new folder'),
    });
    const manifest = path.join(saved(), 'manifest.json');
    const right = await readFile(manifest, 'utf8');
    await writeFile(manifest, right.replaceAll(/"namespace": "\w+"/g, '"namespace": "other"'));
    expect(await backup('restore', saved())).toMatchObject({
      code: 1,
      said: expect.stringContaining('this is a backup of NAMESPACE other'),
    });
    await writeFile(manifest, right);
  });

  it('does not go over what is there, nor when a byte is wrong', async () => {
    expect(await backup('restore', saved())).toMatchObject({
      code: 1,
      said: expect.stringMatching(
        /there is already .*_STOCK.*: a backup goes into servers that hold nothing/,
      ),
    });
    const stream = path.join(saved(), 'stock.stream');
    const right = await readFile(stream);
    const wrong = Buffer.from(right);
    wrong.writeUInt8(wrong.readUInt8(wrong.length >> 1) ^ 1, wrong.length >> 1);
    await writeFile(stream, wrong);
    expect(await backup('restore', saved())).toMatchObject({
      code: 1,
      said: expect.stringContaining('stock.stream is not what was saved'),
    });
    await writeFile(stream, right);
  });

  it('comes back into empty servers, and what happened since is found again', async () => {
    await quiet();
    held = await contents();
    await system.kill('SIGTERM');
    await emptyServers(system);
    expect(await backup('restore', saved())).toMatchObject({
      code: 0,
      said: expect.stringContaining('start the apps'),
    });
    await system.restart();

    const { streams } = JSON.parse(await readFile(path.join(saved(), 'manifest.json'), 'utf8'));
    const last = streams.find(({ name }: { name: string }) => name === 'STOCK').state.last_seq;
    // Event for event, hash for hash, as far as the backup goes.
    const upTo = (rows: typeof held.audit) => rows.filter(({ sequence }) => Number(sequence) <= last);
    expect(upTo(held.audit).length).toBe(last);
    await eventually(async () => expect(upTo((await contents()).audit)).toEqual(upTo(held.audit)));

    await eventually(async () => {
      const { stats } = await ended(system, await askForRun(system, '/api/sync/stock'), 60_000);
      expect(stats.equal).toBe(stats.levels);
    }, 90_000);
    const truth = asLines(await system.zoho.truth());
    await eventually(async () => expect((await contents()).levels).toEqual(truth));
  });
});

const emptyServers = async ({ servers, naming }: System): Promise<void> => {
  const nats = await connect(natsOptions(servers.natsUrl));
  const manager = await nats.jetstreamManager();
  for await (const name of manager.streams.names())
    if (name.startsWith(`${naming.namespace}_`)) await manager.streams.delete(name);
  await nats.close();
  const postgres = new Client({ connectionString: servers.databaseUrl });
  await postgres.connect();
  await postgres.query(`DROP SCHEMA "${naming.schema}" CASCADE`);
  await postgres.end();
  const redis = new Redis(servers.redisUrl);
  // Numbers in the cache stay behind, as after a disaster of the other servers alone.
  expect(await redis.exists(naming.redisKey('stock-cache:checkpoint'))).toBe(1);
  redis.disconnect();
};
