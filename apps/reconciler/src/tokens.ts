export const REDIS = Symbol('Redis');
/** The `ZohoClient`; nothing when no credentials are set. */
export const ZOHO = Symbol('ZohoClient');
export const LEDGER = Symbol('Ledger');
export const CATALOGUE = Symbol('Catalogue');
export const STOCK_CACHE = Symbol('StockCache');
export const WEBHOOK_LOG = Symbol('the webhook log in Postgres');
export const DRIFTS = Symbol('the drifts in Postgres');
export const DRIFT_DECISIONS = Symbol('DriftDecisions');
