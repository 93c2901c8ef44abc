import type { StreamSeq } from '@tallystream/contracts';
import type { EntityManager } from 'typeorm';
import {
  type Checkpoint,
  CheckpointMoved,
  moveCheckpoint,
  readCheckpoint,
  readPosition,
} from './checkpoints';
import type { Database } from './database';
import { acquireOwnership, type Ownership } from './ownership';

/** Where a projection stands, and until when this replica may go on from there. */
export type ProjectionStart = Readonly<{ after: StreamSeq; until: AbortSignal }>;

/** What a projection makes of its stream, batch by batch. */
export type Folding<M> = Readonly<{
  /** In the transaction that moves the checkpoint. */
  write: (manager: EntityManager, messages: readonly M[]) => Promise<void>;
  /** Called when the transaction of the last `write` holds. */
  committed?: () => void;
}>;

export type Fold<M extends Readonly<{ seq: StreamSeq }>> = Readonly<{
  /** The name of its checkpoint. */
  projection: string;
  /** Called at every start, for those that carry something from batch to batch. */
  begin: (database: Database) => Folding<M> | Promise<Folding<M>>;
}>;

/**
 * A projection into Postgres: one owner at a time, rows and checkpoint in one transaction. Its consumer
 * calls `start`, then `project` for batch after batch; after any error it calls `start` again.
 */
export class PostgresProjection<M extends Readonly<{ seq: StreamSeq }> = Readonly<{ seq: StreamSeq }>> {
  private ownership: Ownership | undefined;
  private position: Checkpoint | undefined;
  private folding: Folding<M> | undefined;

  constructor(
    private readonly database: Database,
    private readonly fold: Fold<M>,
  ) {}

  get name(): string {
    return this.fold.projection;
  }

  /** Waits until this replica owns the projection; returns where it stands, or nothing when `signal` aborts. */
  async start(signal: AbortSignal): Promise<ProjectionStart | undefined> {
    if (!this.ownership?.isHeld()) {
      await this.ownership?.release();
      this.ownership = await acquireOwnership(this.database, this.name, signal);
    }
    if (!this.ownership) return undefined;
    // The position first: if the tables are exchanged in between, it does not hold any more.
    this.position = await readPosition(this.database, this.name);
    this.folding = await this.fold.begin(this.database);
    return { after: this.position.sequence, until: this.ownership.lost };
  }

  /** Applies a batch, in stream order. @throws CheckpointMoved when another replica did, or it was rebuilt */
  async project(messages: readonly M[]): Promise<void> {
    const to = messages.at(-1)?.seq;
    if (to === undefined) return;
    const { position: from, folding } = this;
    if (!from || !folding || !this.ownership?.isHeld()) throw new CheckpointMoved(this.name, to);
    await this.database.transaction(async (manager) => {
      await moveCheckpoint(manager, this.name, from, to);
      await folding.write(manager, messages);
    });
    folding.committed?.();
    this.position = { ...from, sequence: to };
  }

  /** Whether this replica applies the projection. */
  get isOwner(): boolean {
    return this.ownership?.isHeld() ?? false;
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
