import Redis from 'ioredis';
import { type LocalServers, removeData, startServers, temporaryData } from '../local/servers';

jest.setTimeout(60_000);

const dataDir = temporaryData();
let servers: LocalServers;

beforeAll(async () => {
  servers = await startServers({ dataDir, quiet: true, only: ['redis'] });
});
afterAll(async () => {
  await servers.stop();
  removeData(dataDir);
});

describe('in Redis', () => {
  const attempt = async (app: string, command: string, ...args: string[]): Promise<string> => {
    const redis = new Redis(servers.redis.urlAs(app), { retryStrategy: () => null, maxRetriesPerRequest: 0 });
    redis.on('error', () => undefined);
    try {
      return String(await redis.call(command, ...args));
    } catch (error) {
      return String(error);
    } finally {
      redis.disconnect();
    }
  };
  const refused = expect.stringMatching(/NOPERM|No permissions|user executing the script can't access/);
  const apps = ['stock-cache', 'reconciler', 'balances', 'audit-trail'];

  it('nobody comes in without a password', async () => {
    const { port } = servers.redis;
    const redis = new Redis({ port, retryStrategy: () => null, maxRetriesPerRequest: 0 });
    redis.on('error', () => undefined);
    await expect(redis.get('stock:1')).rejects.toThrow(/NOAUTH/);
    redis.disconnect();
  });

  it('the cache is the stock cache\u2019s; a sweep may look', async () => {
    expect(await attempt('stock-cache', 'SET', 'stock:1', '15')).toBe('OK');
    expect(await attempt('reconciler', 'GET', 'stock:1')).toBe('15');
    expect(await attempt('reconciler', 'SET', 'stock:1', '16')).toEqual(refused);
    expect(await attempt('reconciler', 'DEL', 'stock:1')).toEqual(refused);
    for (const app of ['balances', 'audit-trail'])
      expect(await attempt(app, 'GET', 'stock:1')).toEqual(refused);
  });

  it('operations looks at the cache, and changes nothing', async () => {
    expect(await attempt('stock-cache', 'SET', 'stock:2', '7')).toBe('OK');
    expect(await attempt('operations', 'GET', 'stock:2')).toBe('7');
    expect(await attempt('operations', 'SCAN', '0')).toContain('stock:2');
    for (const [command, ...more] of [['SET', '8'], ['DEL'], ['EXPIRE', '1']] as const)
      expect(await attempt('operations', command, 'stock:2', ...more)).toEqual(refused);
  });

  it.each([
    ['balances', 'zoho:token:x'],
    ['audit-trail', 'zoho:budget:x'],
    ['reconciler', 'stock-cache:checkpoint'],
    ['balances', 'stock-cache:checkpoint'],
    ['stock-cache', 'other:stock:1'],
    ['audit-trail', 'anything'],
  ])('%s cannot touch %s', async (app, key) => {
    expect(await attempt(app, 'GET', key)).toEqual(refused);
    expect(await attempt(app, 'SET', key, '1')).toEqual(refused);
    expect(await attempt(app, 'EVAL', `return redis.call('GET', KEYS[1])`, '1', key)).toEqual(refused);
    // A script that does not say which keys it touches is not let through either.
    expect(await attempt(app, 'EVAL', `return redis.call('GET', '${key}')`, '0')).toEqual(refused);
  });

  it.each(apps)('%s administers nothing', async (app) => {
    for (const command of [
      ['FLUSHALL'],
      ['CONFIG', 'GET', '*'],
      ['KEYS', '*'],
      ['ACL', 'LIST'],
      ['MONITOR'],
      ['SHUTDOWN', 'NOSAVE'],
      ['SUBSCRIBE', 'other'],
    ] as const)
      expect([command, await attempt(app, ...(command as unknown as [string]))]).toEqual([command, refused]);
  });

  it.each(apps)('%s counts reads', async (app) => {
    expect(Number(await attempt(app, 'INCR', 'access:reads:shop'))).toBeGreaterThan(0);
  });
});
