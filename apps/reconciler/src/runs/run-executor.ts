import { setTimeout as pause } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { instantFrom, millisOf, Problem, plainText, type RunId } from '@tallystream/contracts';
import { CommitConflict } from '@tallystream/jetstream';
import type { Ledger, RunEvent } from '@tallystream/ledger';
import { isFinished } from '@tallystream/runs';
import { type CallOptions, ZohoError } from '@tallystream/zoho';
import { aborted } from '../aborted';
import { CatchUp } from '../catch-up/catch-up.service';
import { Leadership } from '../leadership';
import { Looking } from '../observations/looking';
import type { ObserverParts } from '../observations/observe-items';
import { LEDGER } from '../tokens';
import { runSeconds } from './metrics';
import type { Run } from './run';
import { RunBook } from './run-book';
import { type SweepParts, sweep } from './sweep';

const AGAIN_MS = 1_000;

/** Carries out, on the leading replica, the runs that were asked for on any; goes on with what was cut off. */
@Injectable()
export class RunExecutor implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('runs');
  private readonly stopping = new AbortController();
  private readonly inHand = new Map<RunId, Promise<void>>();
  private working: Promise<void> = Promise.resolve();

  constructor(
    private readonly leadership: Leadership,
    private readonly book: RunBook,
    private readonly looking: Looking,
    private readonly catchUp: CatchUp,
    @Inject(LEDGER) private readonly ledger: Ledger,
  ) {}

  onApplicationBootstrap(): void {
    if (this.looking.parts) this.working = this.workWhileLeading(this.looking.parts);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.working;
  }

  private async workWhileLeading(looking: ObserverParts): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const turn = await this.leadership.lead(signal);
      if (!turn) return;
      const ending = AbortSignal.any([signal, turn.until]);
      await Promise.race([this.book.ready(), aborted(ending)]);
      const takeUp = (run: Run) => {
        if (!ending.aborted && !isFinished(run) && !this.inHand.has(run.runId)) {
          const carried = this.carryOut(looking, run, ending).finally(() => this.inHand.delete(run.runId));
          this.inHand.set(run.runId, carried);
        }
      };
      const stopListening = this.book.onChange(takeUp);
      for (const run of this.book.unfinished()) takeUp(run);
      await aborted(ending);
      stopListening();
      await Promise.all(this.inHand.values());
    }
  }

  /** Ends when the run has, or when this replica may not go on: then the next leader does. */
  private async carryOut(looking: ObserverParts, asked: Run, signal: AbortSignal): Promise<void> {
    const { runId } = asked;
    while (!signal.aborted) {
      try {
        return await this.attempt(looking, this.book.find(runId) ?? asked, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof CommitConflict) {
          this.logger.warn(`${runId} is carried on by another replica`);
          return;
        }
        // NATS is away: nothing can be kept, so nothing may go on. The last state kept is where to begin again.
        if (!(error instanceof Problem)) this.logger.error(error);
        this.logger.warn(`${runId} waits: ${error instanceof Error ? error.message : String(error)}`);
      }
      await pause(AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private async attempt(looking: ObserverParts, kept: Run, signal: AbortSignal): Promise<void> {
    let run: Run = this.begun(kept);
    let saved = kept;
    const save = async (state: Run) => {
      run = { ...state, apiCalls: run.apiCalls, updatedAt: this.now() };
      await this.book.save(run, saved);
      saved = run;
    };
    await save(run);
    const { runId, kind } = run;
    const cause = { kind: 'sync', id: runId, actor: 'reconciler' } as const;
    await this.record(run, {
      type: 'SyncStarted',
      data: { runId, kind, cause, occurredAt: run.startedAt ?? this.now() },
    });
    const call: CallOptions = {
      priority: run.requestedBy === 'schedule' ? 'sweep' : 'operator',
      signal,
      onRequest: () => {
        run = { ...run, apiCalls: run.apiCalls + 1 };
      },
    };
    const parts: SweepParts = {
      ...looking,
      call,
      lookAgain: (judged, runId) => this.looking.again(judged, runId),
      explain: (runId) => this.catchUp.because(runId, call),
    };
    let error: Run['error'];
    try {
      for await (const state of sweep(parts, run)) await save(state);
    } catch (failure) {
      if (signal.aborted || !(failure instanceof ZohoError)) throw failure;
      error = {
        code: failure.kind,
        detail: failure.message,
        ...(failure.until ? { until: failure.until } : {}),
      };
    }
    await this.end(run, error);
  }

  private begun(kept: Run): Run {
    const isResumed = kept.status === 'running';
    if (isResumed) this.logger.log(`${kept.runId} goes on at page ${kept.nextPage}`);
    return {
      ...kept,
      status: 'running',
      startedAt: kept.startedAt ?? this.now(),
      resumed: kept.resumed + (isResumed ? 1 : 0),
    };
  }

  private async end(run: Run, error: Run['error']): Promise<void> {
    const finishedAt = this.now();
    const ended: Run = {
      ...run,
      phase: 'done',
      status: error ? 'failed' : 'completed',
      updatedAt: finishedAt,
      finishedAt,
      ...(error ? { error } : {}),
    };
    const { runId, kind, stats, apiCalls } = ended;
    await this.record(ended, {
      type: 'SyncFinished',
      data: {
        runId,
        kind,
        cause: { kind: 'sync', id: runId, actor: 'reconciler' },
        occurredAt: finishedAt,
        items: stats.successful,
        levels: stats.levels,
        changed: stats.levelsChanged,
        outcome: error ? 'failed' : 'completed',
        failed: stats.failed,
        skipped: stats.skipped,
        apiCalls,
        ...(error ? { error: plainText(error.detail) } : {}),
      },
    });
    await this.book.save(ended);
    runSeconds
      .labels({ kind, status: ended.status })
      .observe((millisOf(finishedAt) - millisOf(ended.startedAt ?? finishedAt)) / 1_000);
    const outcome = error ? `failed: ${error.detail}` : 'completed';
    this.logger.log(
      `${runId} ${outcome}; ${stats.processed} items, ${stats.levelsChanged} of ${stats.levels} levels moved, ${apiCalls} calls`,
    );
  }

  /** The ledger tells what may have changed stock: of a dry run, nothing. */
  private async record({ parameters }: Run, event: RunEvent): Promise<void> {
    if (!parameters.dryRun) await this.ledger.recordRun(event);
  }

  private now() {
    return instantFrom(Date.now());
  }
}
