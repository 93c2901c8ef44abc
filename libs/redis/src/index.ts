export type { Redis } from 'ioredis';
export type { CachedLevel, LevelEvent } from './cached-level';
export { acquireLease, type Lease } from './lease';
export { openRedis, redisUnavailable } from './redis';
export {
  CacheCheckpointMoved,
  type CachedLevels,
  type StockCache,
  stockCache,
} from './stock-cache';
export type { StockCacheSettings } from './stock-cache-layout';
export { type CachedClaim, readStockCache, stockCachePosition } from './stock-cache-reading';
export { type LevelFault, type StockCacheRepair, stockCacheRepair } from './stock-cache-repair';
export { type MissTurn, type StockMisses, type StockMissSettings, stockMisses } from './stock-misses';
