import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Null in the rows that are there: no level was disputed before levels could be. */
export class AddDisputed1795219200001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE balances ADD COLUMN disputed numeric(20, 6)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE balances DROP COLUMN disputed');
  }
}
