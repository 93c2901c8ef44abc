import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { RunCarrier } from '@tallystream/runs';
import { RetryAll } from '../dead-letters/retry-all';
import { InboxReplayer } from '../inbox-replay/inbox-replayer';
import { Verifier } from '../verify/verifier';
import type { OperationRun } from './operation-run';
import { OperationRuns } from './operation-runs';

/** Carries out the runs of operations, each by what its kind asks for. */
@Injectable()
export class OperationRunner implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly carrier: RunCarrier<OperationRun>;

  constructor(
    runs: OperationRuns,
    private readonly retryAll: RetryAll,
    private readonly replayer: InboxReplayer,
    private readonly verifier: Verifier,
  ) {
    this.carrier = new RunCarrier(runs, (run, signal) => this.work(run, signal));
  }

  onApplicationBootstrap(): void {
    this.carrier.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.carrier.stop();
  }

  private work(run: OperationRun, signal: AbortSignal): AsyncIterable<OperationRun> {
    switch (run.kind) {
      case 'dead-letter-retry':
        return this.retryAll.carryOut(run, signal);
      case 'inbox-replay':
        return this.replayer.carryOut(run, signal);
      case 'verify':
        return this.verifier.carryOut(run, signal);
    }
  }
}
