export { auditDatabase } from './audit-trail/audit-database';
export * from './audit-trail/audit-digests';
export * from './audit-trail/audit-queries';
export {
  appendAuditEvents,
  chainHash,
  GENESIS,
  newestHash,
  type RecordedEvent,
} from './audit-trail/audit-store';
export * from './balances/balance-queries';
export {
  type Balance,
  findBalance,
  findBalances,
  type LevelEvent,
  writeBalances,
} from './balances/balance-store';
export { balancesDatabase } from './balances/balances-database';
export { readBalances } from './balances/read-balances';
export * from './catalogue/catalogue-queries';
export { type RecordedCatalogueEvent, writeCatalogue } from './catalogue/catalogue-store';
export { searchWords } from './catalogue/item-search';
export {
  CheckpointMoved,
  CreateCheckpoints1767225600000 as CreateCheckpoints,
  readCheckpoint,
  readCheckpoints,
} from './checkpoints';
export type { Page } from './cursor';
export { Database, type DatabaseParts } from './database';
export { driftDatabase } from './drift/drift-database';
export * from './drift/drift-queries';
export { type DriftEvent, type RecordedDriftEvent, writeDrifts } from './drift/drift-store';
export { PostgresProjection } from './postgres-projection';
export { webhookLogDatabase } from './webhook-log/webhook-log-database';
export * from './webhook-log/webhook-log-store';
