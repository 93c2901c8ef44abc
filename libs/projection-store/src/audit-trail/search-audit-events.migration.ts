import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Makes every question an auditor asks a short walk along an index (docs/adr/0014): drift is found by its level,
 * `audit_blocks` says in which stretches of the trail there is something to be found, and partitions are made by
 * a function of the owner, so that who appends needs no more than the privilege to insert.
 */
export class SearchAuditEvents1795392000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await nameLevelsOfDrift(runner);
    for (const statement of [...dropIndexes, ...createIndexes, ...createBlocks])
      await runner.query(statement);
    await createPartitionMaker(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION make_audit_partition');
    await runner.query('DROP TABLE audit_blocks');
  }
}

/** These columns are no part of the chain: they say where an event is found, not what it says. */
const nameLevelsOfDrift = async (runner: QueryRunner): Promise<void> => {
  await runner.query('ALTER TABLE audit_events DISABLE TRIGGER append_only');
  await runner.query(`
    UPDATE audit_events
    SET item_id = data::jsonb ->> 'itemId', warehouse_id = data::jsonb ->> 'warehouseId'
    WHERE type IN ('DriftDetected', 'DriftResolved')`);
  await runner.query('ALTER TABLE audit_events ENABLE TRIGGER append_only');
};

const dropIndexes = ['item', 'warehouse', 'reason', 'occurrence'].map(
  (name) => `DROP INDEX audit_events_by_${name}`,
);

/**
 * What is included is filtered by without a look at the table, whose rows are large and of which an item has
 * few on any page.
 */
const createIndexes = [
  'ALTER TABLE audit_events DROP CONSTRAINT audit_events_pkey',
  `ALTER TABLE audit_events ADD PRIMARY KEY (sequence, recorded_at)
   INCLUDE (warehouse_id, reason, cause_kind, actor, occurred_at)`,
  `CREATE INDEX audit_events_by_item ON audit_events (item_id, sequence)
   INCLUDE (recorded_at, warehouse_id, reason, cause_kind, actor, occurred_at)`,
  `CREATE INDEX audit_events_by_level ON audit_events (warehouse_id, item_id, sequence)
   INCLUDE (recorded_at, occurred_at) WHERE type = 'StockChanged'`,
  'CREATE INDEX audit_events_by_recording ON audit_events (recorded_at, sequence)',
];

const createBlocks = [
  `CREATE TABLE audit_blocks (
     -- 1,024 sequences each.
     block bigint NOT NULL,
     -- Of the happening, in UTC.
     day date NOT NULL,
     warehouse_id text NOT NULL,
     reason text NOT NULL,
     cause_kind text NOT NULL,
     actor text NOT NULL,
     PRIMARY KEY (block, day, warehouse_id, reason, cause_kind, actor)
   )`,
  ...['day', 'warehouse_id', 'reason', 'cause_kind', 'actor'].map(
    (column) => `CREATE INDEX audit_blocks_by_${column} ON audit_blocks (${column}, block)`,
  ),
  `INSERT INTO audit_blocks
   SELECT DISTINCT sequence / 1024, (occurred_at AT TIME ZONE 'UTC')::date,
     coalesce(warehouse_id, ''), coalesce(reason, ''), cause_kind, actor
   FROM audit_events`,
  `CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_blocks
   FOR EACH ROW EXECUTE FUNCTION refuse_change()`,
  `CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit_blocks
   FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`,
];

/**
 * It names the schema of the trail that it is given, and depends on no path: a trail that was made again moves from
 * one schema to another. Attached, not created in its place, as that would shut out all readers for as long as one
 * of them reads.
 */
const createPartitionMaker = async (runner: QueryRunner): Promise<void> => {
  await runner.query(`
    CREATE FUNCTION make_audit_partition(trail regclass, month date) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      starts date := date_trunc('month', month);
      name text := 'audit_events_' || to_char(starts, 'YYYY_MM');
      home text;
    BEGIN
      SELECT quote_ident(n.nspname) INTO STRICT home FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid = trail AND c.relname = 'audit_events' AND c.relkind = 'p';
      IF to_regclass(home || '.' || name) IS NOT NULL THEN RETURN; END IF;
      EXECUTE format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE', trail);
      IF to_regclass(home || '.' || name) IS NOT NULL THEN RETURN; END IF;
      EXECUTE format('CREATE TABLE %s.%I (LIKE %s INCLUDING DEFAULTS)
        WITH (autovacuum_vacuum_insert_scale_factor = 0.02)', home, name, trail);
      EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s.%I FOR VALUES FROM (%L) TO (%L)', trail, home, name,
        starts::timestamp AT TIME ZONE 'UTC', (starts + interval '1 month') AT TIME ZONE 'UTC');
      -- Row triggers come with the parent, statement triggers do not.
      EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON %s.%I
        FOR EACH STATEMENT EXECUTE FUNCTION %s.refuse_change()', home, name, home);
    END $$`);
  await runner.query('REVOKE ALL ON FUNCTION make_audit_partition FROM PUBLIC');
};
