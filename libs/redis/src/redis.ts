import { Logger } from '@nestjs/common';
import { Problem } from '@tallystream/contracts';
import Redis from 'ioredis';

export type RedisManners = Readonly<{
  /** How long a command may take, in milliseconds. */
  patienceMs?: number;
  /**
   * Commands of the same moment are sent together, and wait for those that were sent before: one write to the socket
   * for many, where there are many.
   */
  sendsTogether?: boolean;
}>;

/** A client that never gives up on Redis, and never makes a request wait for it either. */
export const openRedis = (
  url: string,
  { patienceMs = 2_000, sendsTogether = false }: RedisManners = {},
): Redis => {
  const logger = new Logger('redis');
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    commandTimeout: patienceMs,
    enableAutoPipelining: sendsTogether,
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
