import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Append-only, by month, each row chained to the one before it by its hash. */
export class CreateAuditEvents1767225600002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE audit_events (
        sequence bigint NOT NULL,
        id text NOT NULL,
        type text NOT NULL,
        -- The versioned type of the envelope: part of what the chain is over.
        ce_type text NOT NULL,
        subject text NOT NULL,
        item_id text,
        warehouse_id text,
        revision integer,
        reason text,
        document_type text,
        document_id text,
        cause_kind text NOT NULL,
        cause_id text NOT NULL,
        actor text NOT NULL,
        occurred_at timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL,
        -- The event as it lies in the stream, byte for byte: the hash is over it.
        data text NOT NULL,
        hash bytea NOT NULL,
        PRIMARY KEY (sequence, recorded_at)
      ) PARTITION BY RANGE (recorded_at)`);
    for (const [name, columns] of indexes) {
      await runner.query(`CREATE INDEX audit_events_by_${name} ON audit_events (${columns})`);
    }
    await runner.query(`
      CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'the audit trail is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
      END $$`);
    await runner.query(`
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_events
      FOR EACH ROW EXECUTE FUNCTION refuse_change()`);
    await runner.query(`
      CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit_events
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE audit_events');
    await runner.query('DROP FUNCTION refuse_change');
  }
}

const indexes = [
  ['item', 'item_id, sequence'],
  ['warehouse', 'warehouse_id, sequence'],
  ['document', 'document_type, document_id, sequence'],
  ['reason', 'reason, sequence'],
  ['cause', 'cause_kind, cause_id, sequence'],
  ['occurrence', 'occurred_at, sequence'],
] as const;
