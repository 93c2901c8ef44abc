import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Items and warehouses. Written by one app and read by others, which start in any order: each lists this
 * migration, and whoever comes first makes the tables.
 */
export class CreateCatalogue1767225600004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE IF NOT EXISTS items (
        item_id text PRIMARY KEY,
        name text NOT NULL,
        arabic_name text,
        sku text,
        unit text,
        rate numeric,
        purchase_rate numeric,
        status text NOT NULL,
        reorder_level numeric,
        image_id text,
        tracks_stock boolean NOT NULL,
        -- The words of name, Arabic name and SKU, as item-search.ts makes them.
        search tsvector NOT NULL,
        occurred_at timestamptz NOT NULL,
        -- Sequence of the event in its stream: a later one wins.
        sequence bigint NOT NULL
      )`);
    // Seldom written: entries that wait to be put in order would only hold up the searches.
    await runner.query(
      'CREATE INDEX IF NOT EXISTS items_by_search ON items USING gin (search) WITH (fastupdate = off)',
    );
    await runner.query('CREATE INDEX IF NOT EXISTS items_by_sku ON items (sku)');
    await runner.query(`
      CREATE TABLE IF NOT EXISTS warehouses (
        warehouse_id text PRIMARY KEY,
        name text NOT NULL,
        status text NOT NULL,
        is_primary boolean NOT NULL,
        occurred_at timestamptz NOT NULL,
        sequence bigint NOT NULL
      )`);
  }

  async down(): Promise<void> {
    // Shared by the apps of the schema: they go with the schema.
  }
}
