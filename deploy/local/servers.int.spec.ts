import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { natsOptions } from '@tallystream/testing';
import { Redis } from 'ioredis';
import { connect } from 'nats';
import { Client } from 'pg';
import { commandLineOf, identityOf, isAlive, type ProcessIdentity, processTree } from './process-identity';
import { type LocalServers, removeData, startServers, temporaryData } from './servers';
import { unprivilegedUser } from './unprivileged-user';
import { waitUntil } from './wait-until';

jest.setTimeout(60_000);

let dataDir: string;
let servers: LocalServers;

const start = () => startServers({ dataDir, quiet: true });

const query = async (statement: string) => {
  const client = new Client({ connectionString: servers.postgres.url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
};

const withNats = async <T>(work: (connection: Awaited<ReturnType<typeof connect>>) => Promise<T>) => {
  const connection = await connect(natsOptions(servers.nats.url));
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
};

const allOf = (...pids: number[]): ProcessIdentity[] =>
  pids.flatMap((pid) => processTree(pid)).flatMap((pid) => identityOf(pid) ?? []);

const untilGone = (processes: ProcessIdentity[], deadlineMs: number) =>
  waitUntil(
    () => {
      const left = processes.filter(isAlive).map((each) => commandLineOf(each.pid));
      if (left.length > 0) throw new Error(left.join('; '));
    },
    { what: 'End of every process', deadlineMs },
  );

beforeAll(async () => {
  dataDir = temporaryData();
  servers = await start();
});

afterAll(async () => {
  await servers.stop();
  removeData(dataDir);
  expect(fs.existsSync(dataDir)).toBe(false);
});

describe('started servers', () => {
  test('say where they are', () => {
    const { nats, postgres, redis, env } = servers;
    expect(env).toEqual({ NATS_URL: nats.url, DATABASE_URL: postgres.url, REDIS_URL: redis.url });
  });

  test('NATS has JetStream on disk, takes 9 MiB, and has atomic batches', async () => {
    await withNats(async (connection) => {
      expect(connection.info?.max_payload).toBe(9 * 1024 * 1024);
      const manager = await connection.jetstreamManager();
      const info = await manager.streams.add({
        name: 'BATCHES',
        subjects: ['batches'],
        ...{ allow_atomic: true },
      });
      expect(info.config).toMatchObject({ allow_atomic: true, storage: 'file' });
    });
    expect(fs.readFileSync(path.join(dataDir, 'nats.conf'), 'utf8')).toContain('sync_interval: "always"');
  });

  test('Postgres stores text as UTF-8, wants the password, and keeps fsync', async () => {
    expect(await query('show server_encoding')).toEqual([{ server_encoding: 'UTF8' }]);
    expect(await query('show fsync')).toEqual([{ fsync: 'on' }]);
    const url = new URL(servers.postgres.url);
    url.password = 'wrong';
    await expect(new Client({ connectionString: url.href }).connect()).rejects.toThrow('password');
  });

  test('secrets are for our eyes only', () => {
    expect(fs.statSync(path.join(dataDir, 'postgres.password')).mode & 0o077).toBe(0);
  });
});

describe('a server', () => {
  test('keeps its data and its address when it is killed and restarted', async () => {
    await query('create table kept (value int)');
    await query('insert into kept values (42)');
    await withNats(async (connection) => {
      await (await connection.jetstreamManager()).streams.add({ name: 'KEPT', subjects: ['kept'] });
      await connection.jetstream().publish('kept', 'value');
    });
    const before = { ...servers.env };
    await Promise.all([servers.postgres.kill(), servers.nats.kill()]);
    await expect(query('select 1')).rejects.toThrow('ECONNREFUSED');
    await Promise.all([servers.postgres.restart(), servers.nats.restart()]);
    expect(servers.env).toEqual(before);
    expect(await query('select value from kept')).toEqual([{ value: 42 }]);
    const messages = await withNats(async (connection) => {
      const manager = await connection.jetstreamManager();
      return (await manager.streams.info('KEPT')).state.messages;
    });
    expect(messages).toBe(1);
  });

  test('does nothing while it is paused, sessions included', async () => {
    const client = new Client({ connectionString: servers.postgres.url });
    await client.connect();
    servers.postgres.pause();
    let answered = false;
    const answer = client.query('select 1').then(() => {
      answered = true;
    });
    await waitUntil(
      () => {
        const states = processTree(servers.postgres.pid).map(stateOf).join('');
        if (!/^T+$/.test(states)) throw new Error(`states ${states}`);
      },
      { what: 'A pause of every process', deadlineMs: 5_000 },
    );
    expect(answered).toBe(false);
    servers.postgres.resume();
    await answer;
    await client.end();
  });

  test('restarts and stops although it is paused', async () => {
    servers.redis.pause();
    await servers.redis.restart();
    const redis = new Redis(servers.redis.url);
    expect(await redis.ping()).toBe('PONG');
    redis.disconnect();
  });
});

describe('stop', () => {
  test('leaves no process, and a second start has the same addresses and data', async () => {
    servers.nats.pause();
    const processes = allOf(servers.nats.pid, servers.postgres.pid, servers.redis.pid);
    expect(processes.length).toBeGreaterThan(3);
    await servers.stop();
    await untilGone(processes, 1_000);
    const before = servers.env;
    servers = await start();
    expect(servers.env).toEqual(before);
    expect(await query('select value from kept')).toEqual([{ value: 42 }]);
  });

  test('a lock that Postgres left in a crash does not hinder it, also when its pid is somebody else’s', async () => {
    await servers.postgres.kill();
    const lock = path.join(dataDir, 'postgres', 'data', 'postmaster.pid');
    const lines = fs.readFileSync(lock, 'utf8').split('\n');
    const somebody = spawn('sleep', ['60'], { cwd: '/', stdio: 'ignore', ...unprivilegedUser() });
    fs.writeFileSync(lock, [somebody.pid, ...lines.slice(1)].join('\n'));
    await servers.postgres.restart();
    somebody.kill();
    expect(await query('select value from kept')).toEqual([{ value: 42 }]);
  });

  test('a folder in use is refused', async () => {
    await expect(start()).rejects.toThrow(`is in use by process ${process.pid}`);
  });
});

describe('a script that is killed', () => {
  test('leaves no process behind', async () => {
    const folder = temporaryData();
    const program = `require('./servers').startServers({ dataDir: process.argv[1], quiet: true }).then((s) => {
      s.redis.pause();
      console.log(JSON.stringify([s.nats.pid, s.postgres.pid, s.redis.pid]));
      process.stdin.resume(); // until this test ends, in whatever way
    })`;
    const script = spawn(process.execPath, ['-e', program, folder], {
      cwd: __dirname,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = await once(script.stdout, 'data');
    const processes = allOf(...JSON.parse(String(line)), ...childrenOf(Number(script.pid)));
    expect(processes.length).toBeGreaterThan(6);
    script.kill('SIGKILL');
    await untilGone(processes, 5_000);
    removeData(folder);
  });
});

const childrenOf = (pid: number) => processTree(pid).slice(1);

const stateOf = (pid: number) =>
  fs.existsSync('/proc/self/stat')
    ? /\) (\w)/.exec(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]
    : execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' }).charAt(0);
