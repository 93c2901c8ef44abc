import { type Naming, type StreamSeq, streamSeq } from '@tallystream/contracts';
import type Redis from 'ioredis';

/** Where the stock cache stands, without touching it; nothing when it was never filled, or Redis was emptied. */
export const stockCachePosition = async (redis: Redis, naming: Naming): Promise<StreamSeq | undefined> => {
  const [seq] = (await redis.get(naming.redisKey('stock-cache:checkpoint')))?.split(' ') ?? [];
  return seq === undefined ? undefined : streamSeq(Number(seq));
};
