export const REDIS = Symbol('Redis');
/** Balances in Postgres, and the checkpoints of all projections there. */
export const BALANCES = Symbol('the balances in Postgres');
export const AUDIT_TRAIL = Symbol('the audit trail in Postgres');
