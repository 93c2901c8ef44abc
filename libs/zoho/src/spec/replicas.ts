import type { Naming } from '@tallystream/contracts';
import { freshNaming, testServers } from '@tallystream/testing';
import Redis from 'ioredis';
import type { CallOptions } from '../budget/priorities';
import { openZohoClient, type ZohoClient } from '../client/zoho-client';
import type { ZohoClientSettings } from '../client/zoho-settings';

/** As the apps open it: a command that cannot be sent fails at once. */
export const openTestRedis = (url = testServers().redisUrl): Redis => {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 2_000,
    retryStrategy: () => 50,
    lazyConnect: true,
  });
  redis.on('error', () => undefined);
  return redis;
};

export const credentials = (accountsUrl: string) => ({
  accountsUrl,
  clientId: '1000.ID',
  clientSecret: 'hush',
  refreshToken: '1000.again',
});

/** Clients with a Redis connection each, as replicas have; `close` ends them all and empties their namespace. */
export const replicas = () => {
  let naming = freshNaming();
  const ends: (() => void)[] = [];

  return {
    naming: (): Naming => naming,
    open: async (url: string, settings: Partial<ZohoClientSettings> = {}): Promise<ZohoClient> => {
      const ending = new AbortController();
      const redis = settings.redis ?? openTestRedis();
      if (redis.status === 'wait') await redis.connect();
      ends.push(() => {
        ending.abort();
        redis.disconnect();
      });
      return openZohoClient({
        apiBaseUrl: url,
        product: 'inventory',
        organizationId: '10234695',
        arabicNameField: 'cf_arabic_name',
        credentials: credentials(url),
        limits: { perMinute: 100, perDay: 5_000, concurrency: 5 },
        redis,
        naming,
        signal: ending.signal,
        ...settings,
      });
    },
    close: async (): Promise<void> => {
      for (const end of ends.splice(0)) end();
      const redis = new Redis(testServers().redisUrl);
      const keys = await redis.keys(`${naming.namespace}:*`);
      if (keys.length > 0) await redis.unlink(...keys);
      redis.disconnect();
      naming = freshNaming();
    },
  };
};

export const sweep: CallOptions = { priority: 'sweep' };
