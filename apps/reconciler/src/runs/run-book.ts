import { randomBytes } from 'node:crypto';
import { EventEmitter, on } from 'node:events';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import {
  type Instant,
  instantFrom,
  millisOf,
  type Naming,
  Problem,
  type RunId,
  runIdSchema,
} from '@tallystream/contracts';
import {
  CommitConflict,
  JETSTREAM,
  type JetStreamConnection,
  lastMessage,
  publish,
  publishBatch,
  type StreamMessage,
  watch,
} from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';
import { z } from 'zod';
import { aborted } from '../aborted';
import {
  claimOf,
  isFinished,
  noStats,
  type Run,
  runSchema,
  type SweepKind,
  type SweepParameters,
} from './run';

const claimSchema = z.object({ runId: runIdSchema });

/** Finished runs that are kept at hand; older ones are in the ledger as `SyncFinished`. */
const KEPT = 10_000;
const CLAIM_TRIES = 10;

export type RunRequest = Readonly<{
  kind: SweepKind;
  parameters: SweepParameters;
  requestedBy: string;
  /** Chosen by us; absent: a new one. */
  runId?: RunId;
}>;

type Kept = Readonly<{ run: Run; seq: number }>;

/**
 * All runs, as every replica sees them. Their states lie in `ZOHO_RUNS`; claims beside them, moved by
 * compare-and-set, see to it that there is one run of a kind at a time.
 */
@Injectable()
export class RunBook implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('runs');
  private readonly stopping = new AbortController();
  private readonly runs = new Map<string, Kept>();
  private readonly changes = new EventEmitter().setMaxListeners(0);
  private readonly caughtUp = new AbortController();
  private watching: Promise<void> = Promise.resolve();

  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
  ) {}

  onApplicationBootstrap(): void {
    this.watching = watch({
      connection: this.connection,
      stream: this.naming.stream('ZOHO_RUNS'),
      subject: this.naming.subject('zoho.run.*'),
      from: 'last-per-subject',
      onMessage: (message) => this.take(message),
      onCaughtUp: () => this.caughtUp.abort(),
      report: (error) => this.logger.debug(`watching runs: ${String(error)}`),
      signal: this.stopping.signal,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.watching;
  }

  /** Resolves when all runs of the past have been read. */
  async ready(): Promise<void> {
    await aborted(this.caughtUp.signal);
  }

  /**
   * Writes a run down, for the leading replica to carry out.
   * @throws Problem `run_in_progress` with the id of the one that has the claim
   */
  async ask(request: RunRequest): Promise<Run> {
    const now = instantFrom(Date.now());
    const run: Run = {
      runId: request.runId ?? newRunId(request.kind, now),
      kind: request.kind,
      parameters: request.parameters,
      requestedBy: request.requestedBy,
      requestedAt: now,
      updatedAt: now,
      status: 'queued',
      phase: 'waiting',
      nextPage: 1,
      stats: noStats,
      apiCalls: 0,
      driftFound: 0,
      unexplained: [],
      lookedUp: [],
      resumed: 0,
      failures: [],
      ...this.expectedOf(request.kind),
    };
    for (let tries = 0; tries < CLAIM_TRIES; tries += 1) {
      try {
        return await this.claim(run);
      } catch (error) {
        // Another one asked at the same moment: it has the claim now, or it is free again.
        if (!(error instanceof CommitConflict)) throw error;
      }
    }
    throw new Problem('store_unavailable', 'too many ask for a run of this kind at once', {
      retryAfterSeconds: 1,
    });
  }

  /** Writes the next state of a run. @throws CommitConflict when somebody else carries it on */
  async save(run: Run): Promise<void> {
    const { seq } = await publish(this.connection, this.message(run, this.runs.get(run.runId)?.seq ?? 0));
    this.keep({ run, seq });
  }

  find(runId: string): Run | undefined {
    return this.runs.get(runId)?.run;
  }

  /** Newest first. */
  all(): readonly Run[] {
    return [...this.runs.values()]
      .map(({ run }) => run)
      .sort((a, b) => millisOf(b.requestedAt) - millisOf(a.requestedAt) || (a.runId < b.runId ? 1 : -1));
  }

  unfinished(): readonly Run[] {
    return this.all().filter((run) => !isFinished(run));
  }

  lastCompleted(kinds: readonly SweepKind[]): Run | undefined {
    return this.all().find(({ kind, status }) => status === 'completed' && kinds.includes(kind));
  }

  /** Every state of every run from now on. */
  onChange(listener: (run: Run) => void): () => void {
    this.changes.on('run', listener);
    return () => this.changes.off('run', listener);
  }

  /** The states of one run, from the present one to its last. */
  async *states(runId: RunId, signal: AbortSignal): AsyncGenerator<Run> {
    const ending = AbortSignal.any([signal, this.stopping.signal]);
    const changes = on(this.changes, 'run', { signal: ending });
    try {
      const present = this.find(runId);
      if (!present) return;
      yield present;
      if (isFinished(present)) return;
      for await (const [run] of changes as AsyncIterable<[Run]>) {
        if (run.runId !== runId) continue;
        yield run;
        if (isFinished(run)) return;
      }
    } catch (error) {
      if (!ending.aborted) throw error;
    }
  }

  /** The run when it has ended; as it stands, when `signal` ends the waiting. */
  async finished(run: Run, signal: AbortSignal): Promise<Run> {
    let last = run;
    for await (const state of this.states(run.runId, signal)) last = state;
    return last;
  }

  private async claim(run: Run): Promise<Run> {
    const stream = this.naming.stream('ZOHO_RUNS');
    const subject = this.naming.claimSubject(claimOf(run));
    const claimed = await lastMessage(this.connection, stream, subject);
    const holder = claimed && (await this.holderOf(claimed));
    if (holder && !isFinished(holder.run)) {
      this.keep(holder);
      throw inProgress(holder.run);
    }

    const before = await lastMessage(this.connection, stream, this.naming.runStateSubject(run.runId));
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

  private async holderOf(claim: StreamMessage): Promise<Kept | undefined> {
    const { runId } = claimSchema.parse(JSON.parse(Buffer.from(claim.data).toString()));
    const stream = this.naming.stream('ZOHO_RUNS');
    const stored = await lastMessage(this.connection, stream, this.naming.runStateSubject(runId));
    const run = stored && runFrom(stored);
    return run && { run, seq: stored.seq };
  }

  private message(run: Run, expectedSubjectSeq: number) {
    return {
      subject: this.naming.runStateSubject(run.runId),
      headers: json,
      data: Buffer.from(JSON.stringify(run)),
      expectedSubjectSeq,
    };
  }

  private take(message: StreamMessage): void {
    const run = runFrom(message);
    if (run) this.keep({ run, seq: message.seq });
    else this.logger.warn(`message ${message.seq} of ZOHO_RUNS is not the state of a run`);
  }

  private keep(kept: Kept): void {
    const { runId } = kept.run;
    if ((this.runs.get(runId)?.seq ?? 0) >= kept.seq) return;
    this.runs.set(runId, kept);
    if (this.runs.size > KEPT) this.forgetOldest();
    this.changes.emit('run', kept.run);
  }

  private forgetOldest(): void {
    for (const [runId, { run }] of this.runs) {
      if (isFinished(run)) {
        this.runs.delete(runId);
        return;
      }
    }
  }

  private expectedOf(kind: SweepKind): Pick<Run, 'expected'> {
    const before = this.lastCompleted([kind]);
    return before ? { expected: before.stats.processed } : {};
  }
}

const json = { 'content-type': 'application/json' } as const;

const runFrom = ({ data }: StreamMessage): Run | undefined => {
  try {
    return runSchema.parse(JSON.parse(Buffer.from(data).toString()));
  } catch {
    return undefined;
  }
};

/** Sorts by time, tells the kind, and is one token of a subject: `full-20260107T103000Z-1f9a`. */
const newRunId = (kind: SweepKind, at: Instant): RunId =>
  runIdSchema.parse(`${kind}-${at.replace(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`);

const inProgress = (run: Run): Problem =>
  new Problem('run_in_progress', `The run ${run.runId} of the same kind has not ended yet.`, {
    extensions: { runId: run.runId },
  });
