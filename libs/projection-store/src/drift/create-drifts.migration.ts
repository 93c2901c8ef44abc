import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * One row per drift. What was found and how it ended are two events, each with its sequence; the status is
 * what the newer one says, so that their order of arrival does not matter.
 */
export class CreateDrifts1795219200002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE drifts (
        drift_id text PRIMARY KEY,
        item_id text NOT NULL,
        warehouse_id text NOT NULL,
        sku text,
        side text NOT NULL,
        verdict text,
        difference jsonb,
        -- The whole of DriftDetected.
        evidence jsonb,
        detected_at timestamptz,
        detected_sequence bigint,
        resolution text,
        note text,
        actor text,
        -- Zoho's time of the observation that the level was set to, if it was.
        as_of timestamptz,
        resolved_at timestamptz,
        resolved_sequence bigint,
        status text NOT NULL GENERATED ALWAYS AS (
          CASE
            WHEN resolved_sequence > coalesce(detected_sequence, 0) THEN resolution
            WHEN verdict = 'held' THEN 'open'
            ELSE verdict
          END) STORED
      )`);
    await runner.query('CREATE INDEX drifts_by_sequence ON drifts (detected_sequence)');
    await runner.query('CREATE INDEX drifts_by_status ON drifts (status, detected_sequence)');
    await runner.query('CREATE INDEX drifts_by_item ON drifts (item_id, detected_sequence)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE drifts');
  }
}
