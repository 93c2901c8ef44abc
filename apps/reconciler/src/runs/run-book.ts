import { Inject, Injectable } from '@nestjs/common';
import { instantFrom, type Naming, type RunId } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection } from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';
import { newRunId, Runs } from '@tallystream/runs';
import { claimOf, noStats, type Run, runSchema, type SweepKind, type SweepParameters } from './run';

export type RunRequest = Readonly<{
  kind: SweepKind;
  parameters: SweepParameters;
  requestedBy: string;
  /** Chosen by us; absent: a new one. */
  runId?: RunId;
}>;

/** The runs of the reconciler; older ones are in the ledger as `SyncFinished`. */
@Injectable()
export class RunBook extends Runs<Run> {
  constructor(@Inject(JETSTREAM) connection: JetStreamConnection, @Inject(NAMING) naming: Naming) {
    super(connection, naming, runSchema);
  }

  /**
   * Writes a run down, for the leading replica to carry out.
   * @throws Problem `run_in_progress` with the id of the one that has the claim
   */
  ask(request: RunRequest): Promise<Run> {
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
    return this.begin(run, claimOf(run));
  }

  lastCompleted(kinds: readonly SweepKind[]): Run | undefined {
    return this.all().find(({ kind, status }) => status === 'completed' && kinds.includes(kind));
  }

  private expectedOf(kind: SweepKind): Pick<Run, 'expected'> {
    const before = this.lastCompleted([kind]);
    return before ? { expected: before.stats.processed } : {};
  }
}
