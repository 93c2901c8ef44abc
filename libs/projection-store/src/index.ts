export { AddCheckpointVersion1795305600000 as AddCheckpointVersion } from './add-checkpoint-version.migration';
export { auditDatabase } from './audit-trail/audit-database';
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
export * from './catalogue/catalogue-queries';
export { type RecordedCatalogueEvent, writeCatalogue } from './catalogue/catalogue-store';
export { searchWords } from './catalogue/item-search';
export {
  type Checkpoint,
  CheckpointMoved,
  CreateCheckpoints1767225600000 as CreateCheckpoints,
  readCheckpoint,
  readPosition,
} from './checkpoints';
export type { Page } from './cursor';
export { Database, type DatabaseParts } from './database';
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
  type Source,
} from './rebuild/rebuild';
export { webhookLogDatabase } from './webhook-log/webhook-log-database';
export * from './webhook-log/webhook-log-store';
