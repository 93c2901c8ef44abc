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

/** How far a projection is, and which making of it its tables are. */
export type Checkpoint = Readonly<{
  /** The stream sequence up to which it has been applied; 0 before the first. */
  sequence: StreamSeq;
  version: number;
}>;

export const readPosition = async (database: Database, projection: string): Promise<Checkpoint> => {
  const rows = await database.query<{ sequence: string; version: number }>(
    'SELECT sequence, version FROM projection_checkpoints WHERE projection = $1',
    [projection],
  );
  return { sequence: streamSeq(Number(rows[0]?.sequence ?? 0)), version: rows[0]?.version ?? 1 };
};

/** The stream sequence up to which a projection has been applied; 0 before the first. */
export const readCheckpoint = async (database: Database, projection: string): Promise<StreamSeq> =>
  (await readPosition(database, projection)).sequence;

/** The checkpoints of all projections of the schema, by name. */
export const readCheckpoints = async (database: Database): Promise<ReadonlyMap<string, Checkpoint>> => {
  const rows = await database.query<{ projection: string; sequence: string; version: number }>(
    'SELECT projection, sequence, version FROM projection_checkpoints ORDER BY projection',
  );
  return new Map(
    rows.map(({ projection, sequence, version }) => [
      projection,
      { sequence: streamSeq(Number(sequence)), version },
    ]),
  );
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
  from: Checkpoint,
  to: StreamSeq,
): Promise<void> => {
  const moved: readonly unknown[] = await manager.query(
    // A row that is gone, with all that was projected, is not 0: only a first batch may make one.
    `INSERT INTO projection_checkpoints AS c (projection, sequence)
     SELECT $1, $3::bigint
     WHERE $2::bigint = 0 OR EXISTS (SELECT 1 FROM projection_checkpoints WHERE projection = $1)
     ON CONFLICT (projection) DO UPDATE SET sequence = EXCLUDED.sequence, updated_at = now()
       WHERE c.sequence = $2 AND c.version = $4
     RETURNING 1`,
    [projection, from.sequence, to, from.version],
  );
  if (moved.length === 0) throw new CheckpointMoved(projection, from.sequence);
};
