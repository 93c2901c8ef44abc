import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which making of a projection its tables are; listed, like the checkpoints, by every app that keeps one. */
export class AddCheckpointVersion1795305600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE projection_checkpoints ADD COLUMN IF NOT EXISTS version integer NOT NULL DEFAULT 1',
    );
  }

  async down(): Promise<void> {
    // Shared by all projections of the schema: it goes with the schema.
  }
}
