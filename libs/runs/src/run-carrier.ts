import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Problem, type RunId } from '@tallystream/contracts';
import { CommitConflict } from '@tallystream/jetstream';
import { type CarriedRun, isFinished } from './run';
import { now, RunKeeper } from './run-keeper';
import type { Runs } from './runs';

/**
 * Does the work of a run from where it stands, and says after each step how it stands now. When `signal` aborts it
 * ends soon, by returning or by throwing: another process goes on from the last state it gave.
 */
export type RunWork<R> = (run: R, signal: AbortSignal) => AsyncIterable<R>;

export type RunCarrierTiming = Readonly<{
  /** How often a run says that it is still being carried out. */
  beatMs: number;
  /** A run of which nothing was heard for so long has lost its process. */
  takeOverMs: number;
}>;

const defaultTiming: RunCarrierTiming = { beatMs: 5_000, takeOverMs: 30_000 };
const AGAIN_MS = 1_000;

/**
 * Carries out the runs of a book, each on one replica, without a leader: who moves the state of a run first has it,
 * and is fenced off by its next move when another has taken over. Silence is measured by each replica's own clock.
 */
export class RunCarrier<R extends CarriedRun> {
  private readonly logger = new Logger('runs');
  private readonly stopping = new AbortController();
  private readonly me = randomUUID();
  private readonly inHand = new Map<RunId, Promise<void>>();
  /** When each unfinished run was last heard of. */
  private readonly heardOf = new Map<RunId, number>();
  private stopListening: () => void = () => undefined;
  private looking: Promise<void> = Promise.resolve();

  constructor(
    private readonly runs: Runs<R>,
    private readonly work: RunWork<R>,
    private readonly timing: RunCarrierTiming = defaultTiming,
  ) {}

  start(): void {
    this.stopListening = this.runs.onChange((run) => this.hear(run));
    this.looking = this.keepLooking();
  }

  /** What is in hand is let go, for another replica to take up at once. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.stopListening();
    await Promise.all([this.looking, ...this.inHand.values()]);
  }

  private hear(run: R): void {
    if (isFinished(run)) this.heardOf.delete(run.runId);
    else this.heardOf.set(run.runId, performance.now());
    this.takeUp(run);
  }

  /** For runs whose process is gone: nobody tells of them any more. */
  private async keepLooking(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      for (const run of this.runs.unfinished()) this.takeUp(run);
      await pause(this.timing.takeOverMs / 10, undefined, { signal }).catch(() => undefined);
    }
  }

  private takeUp(run: R): void {
    if (this.stopping.signal.aborted || isFinished(run) || this.inHand.has(run.runId)) return;
    const isFree = run.owner === undefined || run.owner === this.me || this.isSilent(run);
    if (!isFree) return;
    const carried = this.carryOut(run).finally(() => this.inHand.delete(run.runId));
    this.inHand.set(run.runId, carried);
  }

  private isSilent({ runId }: R): boolean {
    const heard = this.heardOf.get(runId) ?? performance.now();
    this.heardOf.set(runId, heard);
    return performance.now() - heard > this.timing.takeOverMs;
  }

  private async carryOut(found: R): Promise<void> {
    const keeper = new RunKeeper(this.runs, this.me, found);
    try {
      await keeper.keep(begun(found));
      keeper.beat(this.timing.beatMs);
      await this.doTheWork(keeper);
    } catch (error) {
      if (error instanceof CommitConflict) return;
      // What cannot be kept may not go on. The last state that was kept is where to begin again.
      this.logger.warn(`${found.runId} waits: ${messageOf(error)}`);
      await pause(AGAIN_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    } finally {
      keeper.stop();
    }
  }

  private async doTheWork(keeper: RunKeeper<R>): Promise<void> {
    const signal = AbortSignal.any([keeper.lost, this.stopping.signal]);
    try {
      for await (const state of this.work(keeper.state, signal)) {
        if (signal.aborted) break;
        await keeper.keep(state);
      }
    } catch (error) {
      if (!signal.aborted && isPassing(error)) throw error;
      if (!signal.aborted) return keeper.leave({ ...ended('failed'), error: this.failure(error) });
    }
    if (keeper.lost.aborted) throw keeper.lost.reason;
    await keeper.leave(this.stopping.signal.aborted ? {} : ended('completed'));
  }

  private failure(error: unknown): CarriedRun['error'] {
    if (!(error instanceof Problem)) this.logger.error(error);
    return { code: error instanceof Problem ? error.code : 'internal', detail: messageOf(error) };
  }
}

const begun = <R extends CarriedRun>(run: R): R => ({
  ...run,
  status: 'running',
  startedAt: run.startedAt ?? now(),
  resumed: run.resumed + (run.status === 'running' ? 1 : 0),
});

const ended = (status: 'completed' | 'failed') => ({ status, phase: 'done', finishedAt: now() }) as const;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A server is away: it will be back. */
const isPassing = (error: unknown): boolean => error instanceof Problem && error.code === 'store_unavailable';
