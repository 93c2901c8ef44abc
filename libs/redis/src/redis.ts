import { Logger } from '@nestjs/common';
import { Problem } from '@tallystream/contracts';
import Redis from 'ioredis';

/**
 * A client that never gives up on Redis, and never makes a request wait for it either.
 * @param patienceMs how long a command may take
 */
export const openRedis = (url: string, patienceMs = 2_000): Redis => {
  const logger = new Logger('redis');
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    commandTimeout: patienceMs,
    retryStrategy: (attempt) => Math.min(attempt * 100, 1_000),
  });
  let wasUp = true;
  redis.on('ready', () => {
    wasUp = true;
    logger.log('connected to Redis');
  });
  redis.on('error', (error: Error) => {
    if (wasUp) logger.warn(`Redis cannot be reached: ${error.message}`);
    wasUp = false;
  });
  return redis;
};

export const redisUnavailable = (cause: unknown): Problem =>
  new Problem('store_unavailable', 'Redis cannot be reached', { retryAfterSeconds: 1, cause });
