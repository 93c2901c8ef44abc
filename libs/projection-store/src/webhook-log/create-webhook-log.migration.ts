import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateWebhookLog1767225600003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE webhook_log (
        sequence bigint PRIMARY KEY,
        entity text NOT NULL,
        event text NOT NULL,
        received_at timestamptz NOT NULL,
        status text NOT NULL,
        document_type text,
        document_id text,
        document_number text,
        effect text,
        error text,
        -- Sequence of the outcome in its stream: a later one wins, however they arrive.
        outcome_sequence bigint NOT NULL
      )`);
    await runner.query('CREATE INDEX webhook_log_by_status ON webhook_log (status, sequence)');
    await runner.query('CREATE INDEX webhook_log_by_entity ON webhook_log (entity, sequence)');
    await runner.query('CREATE INDEX webhook_log_by_time ON webhook_log (received_at, sequence)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE webhook_log');
  }
}
