export { type ClientSettings, openClient, type TallyClient } from './client';
export { ReadFailed, type ReadFailureCode } from './read-failed';
export type { BulkOptions, ReadOptions, StockReads } from './reads';
export type { StockChange } from './stock-change';
export type { StockSubscription, SubscriptionFailure, SubscriptionOptions } from './subscribe-stock';
