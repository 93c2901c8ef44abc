import { Inject, Injectable } from '@nestjs/common';
import { instantFrom, type Naming } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection } from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';
import { newRunId, Runs } from '@tallystream/runs';
import { type OperationRun, operationRunSchema } from './operation-run';

type OwnPart<R> = R extends OperationRun ? Omit<R, Begun> : never;
type Begun = 'runId' | 'requestedAt' | 'updatedAt' | 'status' | 'phase' | 'done' | 'stats' | 'resumed';
/** What a run is asked for with, by kind. */
export type OperationRequest = OwnPart<OperationRun>;

@Injectable()
export class OperationRuns extends Runs<OperationRun> {
  constructor(@Inject(JETSTREAM) connection: JetStreamConnection, @Inject(NAMING) naming: Naming) {
    super(connection, naming, operationRunSchema);
  }

  /**
   * Writes a run down, for whichever replica is free to carry it out.
   * @throws Problem `run_in_progress` with the id of the one of its kind that is on
   */
  ask(request: OperationRequest): Promise<OperationRun> {
    const now = instantFrom(Date.now());
    const run: OperationRun = {
      ...request,
      runId: newRunId(request.kind, now),
      requestedAt: now,
      updatedAt: now,
      status: 'queued',
      phase: 'waiting',
      done: 0,
      stats: {},
      resumed: 0,
    };
    return this.begin(run, run.kind);
  }
}
