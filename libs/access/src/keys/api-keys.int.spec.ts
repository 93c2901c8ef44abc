import { Logger } from '@nestjs/common';
import { instantFrom, type Naming, Problem, streamNames } from '@tallystream/contracts';
import {
  type JetStreamConnection,
  lastMessage,
  openConnection,
  provisionStreams,
  publish,
} from '@tallystream/jetstream';
import { loadConfig } from '@tallystream/platform';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { removeData, startNats, temporaryData } from '../../../../deploy/local/servers';
import { statusOf } from './api-key';
import { ApiKeys } from './api-keys';

const quiet = { info: () => undefined, warn: () => undefined };
const SEED = 'seed-key-of-the-test';
const config = loadConfig([], { API_KEYS: `local:admin:${SEED}` });

const codeOf = async (work: () => unknown): Promise<string> => {
  try {
    await work();
    return 'none';
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
};

/** A process: its own connection, its own view of the keys. */
const startProcess = async (url: string, naming: Naming) => {
  const connection = openConnection({ url, name: 'api-keys.int.spec' }, quiet);
  const keys = new ApiKeys(connection, naming, config);
  keys.onModuleInit();
  const stop = async () => {
    await keys.onApplicationShutdown();
    await connection.close();
  };
  return { connection, keys, stop };
};
type Process = Awaited<ReturnType<typeof startProcess>>;

beforeAll(() => Logger.overrideLogger(false));

describe('API keys in several processes', () => {
  const naming = freshNaming();
  let one: Process;
  let other: Process;
  let raw: JetStreamConnection;

  beforeAll(async () => {
    raw = openConnection({ url: testServers().natsUrl, name: 'api-keys.int.spec' }, quiet);
    await provisionStreams(raw, naming);
    one = await startProcess(testServers().natsUrl, naming);
    other = await startProcess(testServers().natsUrl, naming);
    await eventually(() => expect([one.keys.isReady(), other.keys.isReady()]).toEqual([true, true]));
  });
  afterAll(async () => {
    await Promise.all([one.stop(), other.stop()]);
    const { streams } = await raw.manager();
    for (const name of streamNames) await streams.delete(naming.stream(name));
    await raw.close();
  });

  const made = (name = 'shop') => one.keys.create({ name, role: 'reader' }, 'ops');
  const opens = ({ keys }: Process, secret: string) => {
    const found = keys.holderOf(secret);
    return found !== undefined && !('fault' in found);
  };
  const stored = async (id: string) => {
    const message = await lastMessage(raw, naming.stream('ACCESS_KEYS'), naming.accessKeySubject(id));
    return Buffer.from(message?.data ?? '').toString();
  };

  it('open where they were made at once, and in the other process a moment later', async () => {
    const { key, secret } = await made();
    expect(one.keys.holderOf(secret)).toEqual({ id: key.id, name: 'shop', role: 'reader' });
    await eventually(() => expect(opens(other, secret)).toBe(true), 1_000);
  });

  it('are stored without what opens', async () => {
    const { key, secret } = await made();
    expect(await stored(key.id)).toContain('"shop"');
    expect(await stored(key.id)).not.toContain(secret.split('_')[2]);
  });

  it('once revoked are refused everywhere within a second', async () => {
    const { key, secret } = await made();
    await eventually(() => expect(opens(other, secret)).toBe(true));
    await one.keys.revoke(key.id, 'ops');
    expect(one.keys.holderOf(secret)).toEqual({ fault: 'revoked_key', name: 'shop' });
    await eventually(
      () => expect(other.keys.holderOf(secret)).toEqual({ fault: 'revoked_key', name: 'shop' }),
      1_000,
    );
  });

  it('of the environment can be revoked, and stay so for who starts later', async () => {
    const seeded = [...one.keys.all()].find(({ source }) => source === 'environment');
    expect(opens(other, SEED)).toBe(true);
    await one.keys.revoke(seeded?.id ?? '', 'ops');
    await eventually(() => expect(opens(other, SEED)).toBe(false), 1_000);
    expect(await stored(seeded?.id ?? '')).not.toContain(seeded?.secrets[0]?.hash);
    const third = await startProcess(testServers().natsUrl, naming);
    await eventually(() => expect(third.keys.isReady()).toBe(true));
    expect(third.keys.holderOf(SEED)).toEqual({ fault: 'revoked_key', name: 'local' });
    await third.stop();
  });

  it('rotated by many at once: each new secret opens, none is lost', async () => {
    const { key, secret } = await made();
    const rotations = await Promise.all(
      [one, other, one, other].map(({ keys }) => keys.rotate(key.id, 600, 'ops')),
    );
    for (const process of [one, other])
      await eventually(() => {
        for (const each of [secret, ...rotations.map((rotation) => rotation.secret)])
          expect(opens(process, each)).toBe(true);
      });
  });

  it('revoked while they are being rotated end up revoked, whoever came first', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { key, secret } = await made();
      const [rotation] = await Promise.allSettled([
        other.keys.rotate(key.id, 600, 'ops'),
        one.keys.revoke(key.id, 'ops'),
      ]);
      const secrets = [secret, ...(rotation.status === 'fulfilled' ? [rotation.value.secret] : [])];
      for (const process of [one, other])
        await eventually(() => {
          for (const each of secrets) expect(opens(process, each)).toBe(false);
        });
    }
  });

  it('that do not exist cannot be changed', async () => {
    expect(await codeOf(() => one.keys.revoke('nobody', 'ops'))).toBe('not_found');
    expect(await codeOf(() => one.keys.rotate('nobody', 0, 'ops'))).toBe('not_found');
  });

  it('say when they were last used, in every process, and not more than once a minute', async () => {
    const { key, secret } = await made();
    expect(one.keys.lastUse(key.id)).toBeUndefined();
    opens(one, secret);
    const first = one.keys.lastUse(key.id);
    expect(first).toBeDefined();
    await eventually(() => expect(other.keys.lastUse(key.id)).toBe(first));
    for (let n = 0; n < 100; n += 1) opens(other, secret);
    expect(other.keys.lastUse(key.id)).toBe(first);
    expect(one.keys.find(key.id)?.revokedAt).toBeUndefined();
  });

  it('that cannot be read open nothing', async () => {
    const { key, secret } = await made();
    await eventually(() => expect(opens(other, secret)).toBe(true));
    await publish(raw, {
      subject: naming.accessKeySubject(key.id),
      headers: {},
      data: Buffer.from(JSON.stringify({ ...key, role: 'emperor' })),
    });
    for (const process of [one, other]) await eventually(() => expect(opens(process, secret)).toBe(false));
    // Others are none the worse.
    expect(opens(one, (await made('another')).secret)).toBe(true);
  });

  it('end by themselves when they were to end', async () => {
    const expiresAt = instantFrom(Date.now() + 300);
    const { key, secret } = await one.keys.create({ name: 'fair', role: 'reader', expiresAt }, 'ops');
    await eventually(() => expect(one.keys.holderOf(secret)).toEqual({ fault: 'expired', name: 'fair' }));
    expect(statusOf(key, Date.now())).toBe('expired');
  });
});

describe('while NATS is away', () => {
  const naming = freshNaming();
  const dataDir = temporaryData();
  let nats: Awaited<ReturnType<typeof startNats>>;
  beforeAll(async () => {
    nats = await startNats({ dataDir, quiet: true });
  });
  afterAll(async () => {
    await nats.stop();
    removeData(dataDir);
  });

  it('known keys go on, nothing can be changed, and who starts waits for it', async () => {
    const running = await startProcess(nats.url, naming);
    await running.connection.ready();
    expect(await codeOf(() => running.keys.holderOf(SEED))).toBe('store_unavailable');
    await provisionStreams(running.connection, naming);
    await eventually(() => expect(running.keys.isReady()).toBe(true));
    const { key, secret } = await running.keys.create({ name: 'shop', role: 'reader' }, 'ops');

    await nats.kill();
    await eventually(() => expect(running.connection.isConnected()).toBe(false));
    expect(running.keys.holderOf(secret)).toMatchObject({ name: 'shop' });
    expect(await codeOf(() => running.keys.revoke(key.id, 'ops'))).toBe('store_unavailable');
    expect(await codeOf(() => running.keys.create({ name: 'x', role: 'reader' }, 'ops'))).toBe(
      'store_unavailable',
    );
    const starting = await startProcess(nats.url, naming);
    expect(await codeOf(() => starting.keys.holderOf(SEED))).toBe('store_unavailable');

    await nats.restart();
    await eventually(() => expect(starting.keys.isReady()).toBe(true));
    // Each process finds the server again in its own time.
    await eventually(() => expect(running.connection.isConnected()).toBe(true));
    await running.keys.revoke(key.id, 'ops');
    await eventually(() => expect(starting.keys.holderOf(secret)).toMatchObject({ fault: 'revoked_key' }));
    await Promise.all([running.stop(), starting.stop()]);
  });
});
