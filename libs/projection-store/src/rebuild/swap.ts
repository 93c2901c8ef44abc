import { setTimeout as pause } from 'node:timers/promises';
import { Problem, type StreamSeq, streamSeq } from '@tallystream/contracts';
import type { Client } from 'pg';
import type { Suspects } from './compare';
import { ownersPart } from './next-version';
import type { Schemas } from './schemas';

export type SwapParts = Readonly<{
  projections: readonly string[];
  dryRun: boolean;
  /** Where the new tables stand, projection by projection. */
  reached: readonly StreamSeq[];
  /** Brings the new tables up to these positions, or as far as the stream goes. */
  catchUp: (checkpoints: readonly StreamSeq[]) => Promise<readonly StreamSeq[]>;
  /** Called when both stand at the same position. */
  compare: () => Promise<readonly Suspects[]>;
  keepsOlder?: Readonly<{ table: string; key: string }>;
  signal: AbortSignal;
}>;

/** A read that is longer than this keeps its table, and we come again: those behind us must not wait for it. */
const LOCK_TIMEOUT_MS = 500;
const TRIES = 60;
const PAUSE_MS = 500;
/** Postgres's lock_not_available. */
const LOCK_NOT_AVAILABLE = '55P03';
/** A live projection that is behind for longer does not move: it is broken, paused, or its app is not there. */
const PATIENCE_MS = 10_000;
const LOOK_MS = 50;

/**
 * Holds the checkpoints, so that the projection stands still for a moment, and puts the new tables in the place of the
 * live ones, with their checkpoints: all or none. The owner of the projection then finds its checkpoint in another
 * version, and begins anew.
 */
export const swap = async (
  client: Client,
  schemas: Schemas,
  parts: SwapParts,
): Promise<readonly Suspects[]> => {
  await liveOneIsThere(client, schemas, parts);
  for (let attempt = 1; ; attempt += 1) {
    parts.signal.throwIfAborted();
    await client.query('BEGIN');
    try {
      await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
      await parts.catchUp(await holdCheckpoints(client, schemas, parts.projections));
      if (parts.keepsOlder) await carryOver(client, schemas, parts.keepsOlder);
      const differences = await parts.compare();
      if (!parts.dryRun) await exchange(client, schemas, parts.projections);
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

/** What is on its way to the live tables would be taken for a fault of theirs. */
const liveOneIsThere = async (
  client: Client,
  { live }: Schemas,
  { projections, reached, signal }: SwapParts,
): Promise<void> => {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const positions = await positionsOf(client, live, projections);
    const isThere = positions.every((position, index) => position >= (reached[index] ?? 0));
    if (isThere || performance.now() > deadline) return;
    await pause(LOOK_MS, undefined, { signal });
  }
};

/** Up to where projections have been applied; 0 before their first event. */
export const positionsOf = async (
  client: Client,
  schema: string,
  projections: readonly string[],
  lock: '' | 'FOR UPDATE' = '',
): Promise<readonly StreamSeq[]> => {
  const { rows } = await client.query<{ projection: string; sequence: string }>(
    `SELECT projection, sequence FROM "${schema}".projection_checkpoints WHERE projection = ANY ($1) ${lock}`,
    [projections],
  );
  return projections.map((name) =>
    streamSeq(Number(rows.find(({ projection }) => projection === name)?.sequence ?? 0)),
  );
};

const holdCheckpoints = async (
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
  return positionsOf(client, live, projections, 'FOR UPDATE');
};

/** The checkpoints are those of the new tables: the live ones' may be of a stream that has lost its end. */
const exchange = async (
  client: Client,
  { live, next }: Schemas,
  projections: readonly string[],
): Promise<void> => {
  await client.query(
    `UPDATE "${live}".projection_checkpoints c
     SET version = c.version + 1, updated_at = now(),
       sequence = coalesce((SELECT sequence FROM "${next}".projection_checkpoints n WHERE n.projection = c.projection), 0)
     WHERE c.projection = ANY ($1)`,
    [projections],
  );
  await client.query(`SELECT "${next}".${ownersPart.takePlace}()`);
};

/** Rows that are older than all that the streams still hold. */
const carryOver = async (
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
