export { AddCheckpointVersion1795305600000 as AddCheckpointVersion } from './add-checkpoint-version.migration';
export { allDatabases } from './all-databases';
export { AUDIT_PROJECTION, auditDatabase } from './audit-trail/audit-database';
export * from './audit-trail/audit-digests';
export * from './audit-trail/audit-documents';
export type { AuditEntry } from './audit-trail/audit-entry';
export * from './audit-trail/audit-event';
export type { AuditFilter } from './audit-trail/audit-filter';
export * from './audit-trail/audit-levels';
export { makePartitionsAhead } from './audit-trail/audit-partitions';
export type { RecordedEvent } from './audit-trail/audit-row';
export { type AuditPage, auditPages, listAuditEvents } from './audit-trail/audit-search';
export { appendAuditEvents, chainHash, GENESIS, newestHash, newestLink } from './audit-trail/audit-store';
export * from './audit-trail/verify-trail';
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
  type Checkpoint,
  CheckpointMoved,
  CreateCheckpoints1767225600000 as CreateCheckpoints,
  readCheckpoint,
  readCheckpoints,
  readPosition,
} from './checkpoints';
export type { Page } from './cursor';
export { Database, type DatabaseParts, type DatabasePlace } from './database';
export { driftDatabase } from './drift/drift-database';
export * from './drift/drift-queries';
export { type DriftEvent, type RecordedDriftEvent, writeDrifts } from './drift/drift-store';
export { type Fold, type Folding, PostgresProjection, type ProjectionStart } from './postgres-projection';
export { type Difference, isSame } from './rebuild/compare';
export {
  type Rebuildable,
  type RebuildOptions,
  type RebuildReport,
  rebuild,
  type Sequenced,
  type Source,
} from './rebuild/rebuild';
export { makeNextVersionsAhead, type StoreName, standing, stores } from './rebuild/stores';
export { webhookLogDatabase } from './webhook-log/webhook-log-database';
export * from './webhook-log/webhook-log-store';
