import type { StreamSeq } from '@tallystream/contracts';
import type { EntityManager } from 'typeorm';
import { CheckpointMoved, moveCheckpoint, readCheckpoint } from './checkpoints';
import type { Database } from './database';
import { acquireOwnership, type Ownership } from './ownership';

/** Where a projection stands, and until when this replica may go on from there. */
export type ProjectionStart = Readonly<{ after: StreamSeq; until: AbortSignal }>;

/**
 * A projection into Postgres: one owner at a time, rows and checkpoint in one transaction. Its consumer
 * calls `start`, then `apply` for batch after batch; after any error it calls `start` again.
 */
export class PostgresProjection {
  private ownership: Ownership | undefined;
  private position: StreamSeq | undefined;

  constructor(
    private readonly database: Database,
    readonly name: string,
  ) {}

  /** Waits until this replica owns the projection; returns where it stands, or nothing when `signal` aborts. */
  async start(signal: AbortSignal): Promise<ProjectionStart | undefined> {
    if (!this.ownership?.isHeld()) {
      await this.ownership?.release();
      this.ownership = await acquireOwnership(this.database, this.name, signal);
    }
    if (!this.ownership) return undefined;
    this.position = await readCheckpoint(this.database, this.name);
    return { after: this.position, until: this.ownership.lost };
  }

  /** Writes a batch that ends at stream sequence `to`. @throws CheckpointMoved when another replica did */
  async apply(to: StreamSeq, write: (manager: EntityManager) => Promise<void>): Promise<void> {
    const from = this.position;
    if (from === undefined || !this.ownership?.isHeld()) throw new CheckpointMoved(this.name, from ?? to);
    await this.database.transaction(async (manager) => {
      await moveCheckpoint(manager, this.name, from, to);
      await write(manager);
    });
    this.position = to;
  }

  /** The position of the store, whoever owns it. */
  checkpoint(): Promise<StreamSeq> {
    return readCheckpoint(this.database, this.name);
  }

  /** Called by Nest when the process ends. */
  async onApplicationShutdown(): Promise<void> {
    await this.ownership?.release();
    this.ownership = undefined;
  }
}
