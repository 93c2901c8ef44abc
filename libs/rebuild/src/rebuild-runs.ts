import { instantFrom, type Naming, type RunId } from '@tallystream/contracts';
import type { JetStreamConnection } from '@tallystream/jetstream';
import { newRunId, Runs } from '@tallystream/runs';
import { type RebuildRun, type RebuiltStoreName, rebuildRunSchema, rebuiltStores } from './rebuild-run';

/** Rebuilds: to ask for them, and, of one's own stores, to carry them out. */
export class RebuildRuns extends Runs<RebuildRun> {
  /** @param stores whose rebuilds these are; absent: of all */
  constructor(
    connection: JetStreamConnection,
    naming: Naming,
    stores: readonly RebuiltStoreName[] = rebuiltStores,
  ) {
    const isOurs = ({ parameters }: RebuildRun) => stores.includes(parameters.store);
    super(connection, naming, rebuildRunSchema.refine(isOurs));
  }

  /**
   * Writes a rebuild down, for the app whose store it is.
   * @throws Problem `run_in_progress` with the id of the one of this store that is on
   */
  ask({ parameters, requestedBy }: Pick<RebuildRun, 'parameters' | 'requestedBy'>): Promise<RebuildRun> {
    const now = instantFrom(Date.now());
    const run: RebuildRun = {
      kind: 'rebuild',
      parameters,
      requestedBy,
      runId: newRunId(`rebuild-${parameters.store}`, now),
      requestedAt: now,
      updatedAt: now,
      status: 'queued',
      phase: 'waiting',
      done: 0,
      stats: {},
      resumed: 0,
    };
    return this.begin(run, `rebuild-${parameters.store}`);
  }

  protected override stateSubject(runId: RunId): string {
    const store = rebuiltStores.find((name) => runId.startsWith(`rebuild-${name}-`));
    if (!store) throw new Error(`${runId} is not a rebuild`);
    return this.naming.rebuildStateSubject(store, runId);
  }
}
