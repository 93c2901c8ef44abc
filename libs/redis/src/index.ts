export type { Redis } from 'ioredis';
export type { CachedLevel, LevelEvent } from './cached-level';
export { acquireLease, type Lease } from './lease';
export { openRedis, redisUnavailable } from './redis';
export {
  CacheCheckpointMoved,
  type CachedLevels,
  type StockCache,
  type StockCacheSettings,
  stockCache,
} from './stock-cache';
export { type CachedClaim, readStockCache, stockCachePosition } from './stock-cache-reading';
export { type MissTurn, type StockMisses, type StockMissSettings, stockMisses } from './stock-misses';
