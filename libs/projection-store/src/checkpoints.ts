import { type StreamSeq, streamSeq } from '@tallystream/contracts';
import type { EntityManager, MigrationInterface, QueryRunner } from 'typeorm';
import type { Database } from './database';

/** Every app that keeps a projection lists this migration first. */
export class CreateCheckpoints1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE IF NOT EXISTS projection_checkpoints (
        projection text PRIMARY KEY,
        sequence bigint NOT NULL CHECK (sequence >= 0),
        updated_at timestamptz NOT NULL DEFAULT now()
      )`);
  }

  async down(): Promise<void> {
    // Shared by all projections of the schema: it goes with the schema.
  }
}

/** The stream sequence up to which a projection has been applied; 0 before the first. */
export const readCheckpoint = async (database: Database, projection: string): Promise<StreamSeq> => {
  const rows = await database.query<{ sequence: string }>(
    'SELECT sequence FROM projection_checkpoints WHERE projection = $1',
    [projection],
  );
  return streamSeq(Number(rows[0]?.sequence ?? 0));
};

/** The checkpoints of all projections of the schema, by name. */
export const readCheckpoints = async (database: Database): Promise<ReadonlyMap<string, StreamSeq>> => {
  const rows = await database.query<{ projection: string; sequence: string }>(
    'SELECT projection, sequence FROM projection_checkpoints ORDER BY projection',
  );
  return new Map(rows.map(({ projection, sequence }) => [projection, streamSeq(Number(sequence))]));
};

/** Someone else moved the checkpoint: this process is not the owner any more, its batch must not count. */
export class CheckpointMoved extends Error {
  constructor(projection: string, from: StreamSeq) {
    super(`the checkpoint of ${projection} is no longer ${from}`);
    this.name = 'CheckpointMoved';
  }
}

/**
 * Moves the checkpoint by compare-and-set, in the transaction that applies the batch.
 * @throws CheckpointMoved
 */
export const moveCheckpoint = async (
  manager: EntityManager,
  projection: string,
  from: StreamSeq,
  to: StreamSeq,
): Promise<void> => {
  const moved: readonly unknown[] = await manager.query(
    // A row that is gone, with all that was projected, is not 0: only a first batch may make one.
    `INSERT INTO projection_checkpoints AS c (projection, sequence)
     SELECT $1, $3::bigint
     WHERE $2::bigint = 0 OR EXISTS (SELECT 1 FROM projection_checkpoints WHERE projection = $1)
     ON CONFLICT (projection) DO UPDATE SET sequence = EXCLUDED.sequence, updated_at = now()
       WHERE c.sequence = $2
     RETURNING 1`,
    [projection, from, to],
  );
  if (moved.length === 0) throw new CheckpointMoved(projection, from);
};
