import { setTimeout as pause } from 'node:timers/promises';
import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import type { JetStreamConnection } from '@tallystream/jetstream';
import type { RebuildReport } from '@tallystream/projection-store';
import { RunCarrier } from '@tallystream/runs';
import { Healing } from './healing';
import type { RebuildRun } from './rebuild-run';
import { RebuildRuns } from './rebuild-runs';
import type { RebuiltStore } from './rebuilt-store';

export type RebuilderParts = Readonly<{
  connection: JetStreamConnection;
  naming: Naming;
  stores: readonly RebuiltStore[];
  /** How often it looks whether one must be made again. */
  watchEveryMs: number;
}>;

const TELL_MS = 500;
/** Sooner than others are: should the one before still be at it, its lock on the store keeps the next one waiting. */
const timing = { beatMs: 2_000, takeOverMs: 10_000 };

/** Makes the stores of an app again, when somebody asks for it, or when nothing else mends them. */
export class Rebuilder implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('rebuild');
  private readonly runs: RebuildRuns;
  private readonly carrier: RunCarrier<RebuildRun>;
  private readonly healing: Healing;

  constructor(private readonly parts: RebuilderParts) {
    const { connection, naming, stores } = parts;
    this.runs = new RebuildRuns(
      connection,
      naming,
      stores.map(({ name }) => name),
    );
    this.carrier = new RunCarrier(this.runs, (run, signal) => this.carryOut(run, signal), timing);
    this.healing = new Healing({ ...parts, runs: this.runs });
  }

  onApplicationBootstrap(): void {
    this.runs.onApplicationBootstrap();
    this.carrier.start();
    this.healing.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.healing.stop();
    await this.carrier.stop();
    await this.runs.onApplicationShutdown();
  }

  private async *carryOut(begun: RebuildRun, signal: AbortSignal): AsyncGenerator<RebuildRun> {
    const { store: name, dryRun } = begun.parameters;
    const store = this.parts.stores.find((each) => each.name === name);
    if (!store) throw new Error(`${name} is not a store of this app`);
    let run: RebuildRun = { ...begun, phase: 'rebuilding' };
    const progress = (done: number, total: number) => {
      run = { ...run, done, ...(total > 0 ? { expected: total } : {}) };
    };
    this.logger.log(`${run.runId}: begins${begun.resumed > 0 ? ' again' : ''}`);
    const working = store.rebuild({ dryRun, signal, progress });
    // Its failure is that of the last step.
    working.catch(() => undefined);
    const ended = working.then(
      () => true,
      () => true,
    );
    yield run;
    while (!(await Promise.race([ended, pause(TELL_MS, false, { ref: false })]))) yield run;
    const result = await working;
    const stats = sumOf(result);
    this.logger.log(
      `${run.runId}: ${result.swapped ? 'has taken its place' : 'changes nothing'}; differences: ${JSON.stringify(stats)}`,
    );
    yield { ...run, stats, result };
  }
}

const sumOf = ({ differences }: RebuildReport): Record<string, number> => {
  const sum = (what: 'missing' | 'unexpected' | 'different') =>
    differences.reduce((total, difference) => total + difference[what], 0);
  return { missing: sum('missing'), unexpected: sum('unexpected'), different: sum('different') };
};
