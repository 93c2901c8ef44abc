import { randomBytes } from 'node:crypto';
import { EventEmitter, on } from 'node:events';
import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import {
  type Instant,
  millisOf,
  type Naming,
  Problem,
  type RunId,
  runIdSchema,
} from '@tallystream/contracts';
import {
  CommitConflict,
  type JetStreamConnection,
  lastMessage,
  publish,
  publishBatch,
  type StreamMessage,
  watch,
} from '@tallystream/jetstream';
import { z } from 'zod';
import { type AnyRun, anyRunSchema, isFinished, type RunLike } from './run';

const claimSchema = z.object({ runId: runIdSchema });

/** Finished runs that are kept at hand; older ones are gone from here, and after 90 days from the stream. */
const KEPT = 10_000;
const CLAIM_TRIES = 10;

type Kept<R> = Readonly<{ run: R; seq: number }>;

/**
 * All runs, as every replica sees them. Their states lie in `ZOHO_RUNS`; claims beside them, moved by
 * compare-and-set, see to it that there is one run of a kind at a time. A book carries on the runs of one
 * shape, its own; of the others it knows what all runs have.
 */
export abstract class Runs<R extends RunLike> implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('runs');
  private readonly stopping = new AbortController();
  private readonly own = new Map<string, Kept<R>>();
  private readonly others = new Map<string, Kept<AnyRun>>();
  /** Of every state that was seen or written here. */
  private readonly sequences = new WeakMap<R, number>();
  private readonly changes = new EventEmitter().setMaxListeners(0);
  private caughtUp: () => void = () => undefined;
  private readonly whenCaughtUp = new Promise<void>((resolve) => {
    this.caughtUp = resolve;
  });
  private watching: Promise<void> = Promise.resolve();

  protected constructor(
    private readonly connection: JetStreamConnection,
    protected readonly naming: Naming,
    private readonly schema: z.ZodType<R>,
  ) {}

  onApplicationBootstrap(): void {
    this.watching = watch({
      connection: this.connection,
      stream: this.naming.stream('ZOHO_RUNS'),
      subject: this.naming.runStatesSubject,
      from: 'last-per-subject',
      onMessage: (message) => this.take(message),
      onCaughtUp: () => this.caughtUp(),
      report: (error) => this.logger.debug(`watching runs: ${String(error)}`),
      signal: this.stopping.signal,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.watching;
  }

  /** Resolves when all runs of the past have been read. */
  ready(): Promise<void> {
    return this.whenCaughtUp;
  }

  /**
   * Writes the next state of a run.
   * @param after the state that it follows; absent, whatever is the newest here: another's, perhaps
   * @throws CommitConflict when somebody else carries it on
   */
  async save(run: R, after?: R): Promise<void> {
    const before = after === undefined ? this.own.get(run.runId)?.seq : this.sequences.get(after);
    const { seq } = await publish(this.connection, this.message(run, before ?? 0));
    this.keep({ run, seq });
  }

  find(runId: string): R | undefined {
    return this.own.get(runId)?.run;
  }

  /** Newest first. */
  all(): readonly R[] {
    return newestFirst([...this.own.values()].map(({ run }) => run));
  }

  /** A run of whichever shape. */
  findAny(runId: string): R | AnyRun | undefined {
    return (this.own.get(runId) ?? this.others.get(runId))?.run;
  }

  /** Runs of every shape, newest first. */
  allOfAnyShape(): readonly (R | AnyRun)[] {
    return newestFirst([...this.own.values(), ...this.others.values()].map(({ run }) => run));
  }

  unfinished(): readonly R[] {
    return this.all().filter((run) => !isFinished(run));
  }

  /** Every state of every run of our own from now on. */
  onChange(listener: (run: R) => void): () => void {
    this.changes.on('own', listener);
    return () => this.changes.off('own', listener);
  }

  /** The states of one run of whichever shape, from the present one to its last. */
  async *states(runId: RunId, signal: AbortSignal): AsyncGenerator<R | AnyRun> {
    const ending = AbortSignal.any([signal, this.stopping.signal]);
    const changes = on(this.changes, 'any', { signal: ending });
    try {
      const present = this.findAny(runId);
      if (!present) return;
      yield present;
      if (isFinished(present)) return;
      for await (const [run] of changes as AsyncIterable<[R | AnyRun]>) {
        if (run.runId !== runId) continue;
        yield run;
        if (isFinished(run)) return;
      }
    } catch (error) {
      if (!ending.aborted) throw error;
    }
  }

  /** The run when it has ended; as it stands, when `signal` ends the waiting. */
  async finished(run: R, signal: AbortSignal): Promise<R> {
    for await (const _state of this.states(run.runId, signal));
    return this.find(run.runId) ?? run;
  }

  /**
   * Writes a run down, for whoever carries it out.
   * @param claim what may not run twice at a time
   * @throws Problem `run_in_progress` with the id of the one that has the claim
   */
  protected async begin(run: R, claim: string): Promise<R> {
    for (let tries = 0; tries < CLAIM_TRIES; tries += 1) {
      try {
        return await this.claim(run, claim);
      } catch (error) {
        // Another one asked at the same moment: it has the claim now, or it is free again.
        if (!(error instanceof CommitConflict)) throw error;
      }
    }
    throw new Problem('store_unavailable', 'too many ask for a run of this kind at once', {
      retryAfterSeconds: 1,
    });
  }

  private async claim(run: R, claim: string): Promise<R> {
    const stream = this.naming.stream('ZOHO_RUNS');
    const subject = this.naming.claimSubject(claim);
    const claimed = await lastMessage(this.connection, stream, subject);
    const holder = claimed && (await this.holderOf(claimed));
    if (holder && !isFinished(holder.run)) {
      this.keep(holder);
      throw inProgress(holder.run);
    }

    const before = await lastMessage(this.connection, stream, this.stateSubject(run.runId));
    const seq = await publishBatch(this.connection, [
      {
        subject,
        headers: json,
        data: Buffer.from(JSON.stringify({ runId: run.runId })),
        expectedSubjectSeq: claimed?.seq ?? 0,
      },
      this.message(run, before?.seq ?? 0),
    ]);
    this.keep({ run, seq });
    return run;
  }

  private async holderOf(claim: StreamMessage): Promise<Kept<R> | undefined> {
    const { runId } = claimSchema.parse(JSON.parse(Buffer.from(claim.data).toString()));
    const stream = this.naming.stream('ZOHO_RUNS');
    const stored = await lastMessage(this.connection, stream, this.stateSubject(runId));
    const run = stored && this.schema.safeParse(jsonIn(stored)).data;
    return run && { run, seq: stored.seq };
  }

  /** Where the states of a run of our own lie. */
  protected stateSubject(runId: RunId): string {
    return this.naming.runStateSubject(runId);
  }

  private message(run: R, expectedSubjectSeq: number) {
    return {
      subject: this.stateSubject(run.runId),
      headers: json,
      data: Buffer.from(JSON.stringify(run)),
      expectedSubjectSeq,
    };
  }

  private take(message: StreamMessage): void {
    const { seq } = message;
    const state = jsonIn(message);
    const run = this.schema.safeParse(state).data;
    const other = run ? undefined : anyRunSchema.safeParse(state).data;
    if (run) this.keep({ run, seq });
    else if (other) this.keepOther({ run: other, seq });
    else this.logger.warn(`message ${seq} of ZOHO_RUNS is not the state of a run`);
  }

  private keep(kept: Kept<R>): void {
    this.sequences.set(kept.run, kept.seq);
    if (!remember(this.own, kept)) return;
    this.changes.emit('own', kept.run);
    this.changes.emit('any', kept.run);
  }

  private keepOther(kept: Kept<AnyRun>): void {
    if (remember(this.others, kept)) this.changes.emit('any', kept.run);
  }
}

const json = { 'content-type': 'application/json' } as const;

const jsonIn = ({ data }: StreamMessage): unknown => {
  try {
    return JSON.parse(Buffer.from(data).toString());
  } catch {
    return undefined;
  }
};

/** @returns whether it is news */
const remember = <R extends RunLike>(runs: Map<string, Kept<R>>, kept: Kept<R>): boolean => {
  const { runId } = kept.run;
  if ((runs.get(runId)?.seq ?? 0) >= kept.seq) return false;
  runs.set(runId, kept);
  if (runs.size > KEPT) forgetOldest(runs);
  return true;
};

const forgetOldest = <R extends RunLike>(runs: Map<string, Kept<R>>): void => {
  for (const [runId, { run }] of runs) {
    if (isFinished(run)) {
      runs.delete(runId);
      return;
    }
  }
};

const newestFirst = <R extends RunLike>(runs: R[]): readonly R[] =>
  runs.sort((a, b) => millisOf(b.requestedAt) - millisOf(a.requestedAt) || (a.runId < b.runId ? 1 : -1));

/** Sorts by time, tells the kind, and is one token of a subject: `full-20260107T103000Z-1f9a`. */
export const newRunId = (kind: string, at: Instant): RunId =>
  runIdSchema.parse(`${kind}-${at.replace(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`);

const inProgress = ({ runId }: RunLike): Problem =>
  new Problem('run_in_progress', `The run ${runId} of the same kind has not ended yet.`, {
    extensions: { runId },
  });
