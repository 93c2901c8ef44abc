export const REDIS = Symbol('Redis');
export const STOCK_CACHE = Symbol('StockCache');
