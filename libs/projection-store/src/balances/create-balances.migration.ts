import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateBalances1767225600001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE balances (
        warehouse_id text NOT NULL,
        item_id text NOT NULL,
        sku text,
        on_hand numeric(20, 6) NOT NULL,
        committed numeric(20, 6) NOT NULL,
        physical_on_hand numeric(20, 6) NOT NULL,
        physical_committed numeric(20, 6) NOT NULL,
        in_transit numeric(20, 6) NOT NULL,
        reserved numeric(20, 6) NOT NULL,
        provisional boolean NOT NULL,
        revision integer NOT NULL,
        sequence bigint NOT NULL,
        baseline_as_of timestamptz,
        occurred_at timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL,
        PRIMARY KEY (warehouse_id, item_id)
      )`);
    await runner.query('CREATE INDEX balances_by_item ON balances (item_id, warehouse_id)');
    await runner.query('CREATE INDEX balances_by_sku ON balances (sku, warehouse_id, item_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE balances');
  }
}
