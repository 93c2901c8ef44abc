import { setTimeout as pause } from 'node:timers/promises';
import { Problem, type StreamSeq, streamSeq } from '@tallystream/contracts';
import type { Client } from 'pg';
import type { Suspects } from './compare';
import type { Schemas } from './schemas';

export type SwapParts = Readonly<{
  projections: readonly string[];
  tables: readonly string[];
  functions: readonly string[];
  dryRun: boolean;
  /** Brings the new tables to where the live ones stand, and compares; nobody writes the live ones meanwhile. */
  whileStill: (checkpoints: readonly StreamSeq[]) => Promise<readonly Suspects[]>;
}>;

/** A read that is longer than this keeps its table, and we come again: those behind us must not wait for it. */
const LOCK_TIMEOUT_MS = 500;
const TRIES = 60;
const PAUSE_MS = 500;
/** Postgres's lock_not_available. */
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Holds the checkpoints, so that the projection stands still for a moment, and puts the new tables in the place of the
 * live ones: all or none. The owner of the projection then finds its checkpoint in another version, and begins anew.
 */
export const swap = async (
  client: Client,
  schemas: Schemas,
  parts: SwapParts,
): Promise<readonly Suspects[]> => {
  for (let attempt = 1; ; attempt += 1) {
    await client.query('BEGIN');
    try {
      await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
      const differences = await parts.whileStill(await heldCheckpoints(client, schemas, parts.projections));
      if (!parts.dryRun) await exchange(client, schemas, parts);
      await client.query(parts.dryRun ? 'ROLLBACK' : 'COMMIT');
      return differences;
    } catch (error) {
      await client.query('ROLLBACK');
      if (!isLocked(error)) throw error;
      if (attempt === TRIES)
        throw new Problem('conflict', 'long reads hold the tables: try again when they are over', {
          cause: error,
        });
      await pause(PAUSE_MS);
    }
  }
};

const isLocked = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === LOCK_NOT_AVAILABLE;

const heldCheckpoints = async (
  client: Client,
  { live }: Schemas,
  projections: readonly string[],
): Promise<readonly StreamSeq[]> => {
  // One that has not begun has no row to hold.
  await client.query(
    `INSERT INTO "${live}".projection_checkpoints (projection, sequence)
     SELECT unnest($1::text[]), 0 ON CONFLICT DO NOTHING`,
    [projections],
  );
  const { rows } = await client.query<{ projection: string; sequence: string }>(
    `SELECT projection, sequence FROM "${live}".projection_checkpoints WHERE projection = ANY ($1) FOR UPDATE`,
    [projections],
  );
  return projections.map((name) =>
    streamSeq(Number(rows.find(({ projection }) => projection === name)?.sequence ?? 0)),
  );
};

const exchange = async (
  client: Client,
  { live, next, old }: Schemas,
  { tables, functions, projections }: SwapParts,
): Promise<void> => {
  await client.query(`CREATE SCHEMA "${old}"`);
  const move = async (from: string, to: string) => {
    for (const name of functions) await client.query(`ALTER FUNCTION "${from}"."${name}" SET SCHEMA "${to}"`);
    for (const table of tables) {
      for (const part of [table, ...(await partitionsOf(client, from, table))])
        await client.query(`ALTER TABLE "${from}"."${part}" SET SCHEMA "${to}"`);
    }
  };
  await move(live, old);
  await move(next, live);
  await client.query(
    `UPDATE "${live}".projection_checkpoints SET version = version + 1 WHERE projection = ANY ($1)`,
    [projections],
  );
};

const partitionsOf = async (client: Client, schema: string, table: string): Promise<readonly string[]> => {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = format('%I.%I', $1::text, $2::text)::regclass ORDER BY c.relname`,
    [schema, table],
  );
  return rows.map(({ name }) => name);
};

/** Rows that are older than all that the streams still hold. */
export const carryOver = async (
  client: Client,
  { live, next }: Schemas,
  { table, key }: Readonly<{ table: string; key: string }>,
): Promise<void> => {
  await client.query(
    `INSERT INTO "${next}"."${table}" SELECT * FROM "${live}"."${table}" l
     WHERE l."${key}" < coalesce((SELECT min("${key}") FROM "${next}"."${table}"), 9223372036854775807)
     ON CONFLICT DO NOTHING`,
  );
};

export const dropSchema = async (client: Client, schema: string): Promise<void> => {
  await client.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
};
