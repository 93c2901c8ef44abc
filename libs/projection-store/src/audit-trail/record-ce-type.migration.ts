import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The chain is over the versioned type of an event: with it, rows alone are enough to recompute their links. */
export class RecordCeType1767225600004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE audit_events ADD COLUMN ce_type text');
    // Older rows are of the first version of their type; that adds what was left out and changes nothing.
    await runner.query('ALTER TABLE audit_events DISABLE TRIGGER append_only');
    await runner.query(`
      UPDATE audit_events SET ce_type = 'com.tallystream.stock.' || CASE type
        WHEN 'StockChanged' THEN 'changed'
        WHEN 'DocumentApplied' THEN 'document-applied'
        WHEN 'SyncStarted' THEN 'sync-started'
        WHEN 'SyncFinished' THEN 'sync-finished' END || '.v1'`);
    await runner.query('ALTER TABLE audit_events ENABLE TRIGGER append_only');
    await runner.query('ALTER TABLE audit_events ALTER COLUMN ce_type SET NOT NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE audit_events DROP COLUMN ce_type');
  }
}
