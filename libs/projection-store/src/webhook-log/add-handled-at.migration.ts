import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When the outcome was stored: how long a webhook took is asked for in statistics. */
export class AddHandledAt1795219200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE webhook_log ADD COLUMN handled_at timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE webhook_log DROP COLUMN handled_at');
  }
}
