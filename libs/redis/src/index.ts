export type { Redis } from 'ioredis';
export { acquireLease, type Lease } from './lease';
export { openRedis, redisUnavailable } from './redis';
export {
  CacheCheckpointMoved,
  type CachedLevel,
  type LevelEvent,
  type StockCache,
  type StockCacheSettings,
  stockCache,
} from './stock-cache';
export { stockCachePosition } from './stock-cache-reading';
