import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { millisOf, Problem } from '@tallystream/contracts';
import { Counter } from 'prom-client';
import type { RebuildRun, RebuiltStoreName } from './rebuild-run';
import type { RebuildRuns } from './rebuild-runs';
import type { RebuiltStore } from './rebuilt-store';

const healed = new Counter({
  name: 'tally_projections_healed_total',
  help: 'Rebuilds that a store asked for itself, as nothing else would have mended it',
  labelNames: ['store'],
});

/** Who asks for them, in the records of runs. */
export const SELF = 'self-healing';
/** What a rebuild has not mended, another will not mend soon: somebody has to look. */
const AT_MOST_EVERY_MS = 3_600_000;

/** Whether a store may ask for a rebuild itself; `now` in milliseconds since 1970. */
export const mayHeal = (
  runs: readonly Pick<RebuildRun, 'parameters' | 'requestedBy' | 'requestedAt'>[],
  store: RebuiltStoreName,
  now: number,
): boolean =>
  !runs.some(
    ({ parameters, requestedBy, requestedAt }) =>
      parameters.store === store && requestedBy === SELF && now - millisOf(requestedAt) < AT_MOST_EVERY_MS,
  );

export type HealingParts = Readonly<{
  runs: RebuildRuns;
  stores: readonly RebuiltStore[];
  /** How often it looks. */
  watchEveryMs: number;
}>;

/** Has a store made again that is as it cannot be, once an hour at most, whichever replicas there are. */
export class Healing {
  private readonly logger = new Logger('rebuild');
  private readonly stopping = new AbortController();
  private looking: Promise<void> = Promise.resolve();

  constructor(private readonly parts: HealingParts) {}

  start(): void {
    this.looking = this.keepLooking();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.looking;
  }

  private async keepLooking(): Promise<void> {
    const { signal } = this.stopping;
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    while (!signal.aborted) {
      await pause(this.parts.watchEveryMs, undefined, { signal }).catch(() => undefined);
      await Promise.race([this.parts.runs.ready(), aborted]);
      for (const store of this.parts.stores) if (!signal.aborted) await this.look(store);
    }
  }

  private async look(store: RebuiltStore): Promise<void> {
    try {
      const fault = await store.fault();
      if (fault) await this.heal(store, fault);
    } catch (error) {
      // A server is away: what there is to see will be seen when it is back.
      if (!(error instanceof Problem)) this.logger.error(error);
    }
  }

  private async heal({ name }: RebuiltStore, fault: string): Promise<void> {
    const { runs } = this.parts;
    if (!mayHeal(runs.all(), name, Date.now())) return;
    const { runId } = await runs.ask({ parameters: { store: name, dryRun: false }, requestedBy: SELF });
    healed.inc({ store: name });
    this.logger.warn(`${name}: ${fault}; it is made again (${runId})`);
  }
}
