export const REDIS = Symbol('Redis');
export const STOCK_CACHE = Symbol('StockCache');
/** Of reads: they do not stand in line behind the projection, and do not wait as long. */
export const READ_REDIS = Symbol('Redis of reads');
export const READ_CACHE = Symbol('StockCache of reads');
export const CACHE_PROGRESS = Symbol('ProjectionProgress of the cache');
export const BALANCES_PROGRESS = Symbol('ProjectionProgress of the balances');
export const STOCK_MISSES = Symbol('StockMisses');
