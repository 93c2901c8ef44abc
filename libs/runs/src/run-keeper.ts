import { type Instant, instantFrom } from '@tallystream/contracts';
import type { CarriedRun } from './run';
import type { Runs } from './runs';

/**
 * Keeps the states of a run in one process's hands: one after the other, each following the one before it, and
 * again every so often while nothing changes, so that others hear of it.
 */
export class RunKeeper<R extends CarriedRun> {
  private readonly losing = new AbortController();
  private writing: Promise<void> = Promise.resolve();
  private beating: NodeJS.Timeout | undefined;

  constructor(
    private readonly runs: Runs<R>,
    private readonly owner: string,
    private last: R,
  ) {}

  /** Aborts when a state could not be kept, with the error: somebody else has the run, or NATS is away. */
  get lost(): AbortSignal {
    return this.losing.signal;
  }

  get state(): R {
    return this.last;
  }

  keep(state: R): Promise<void> {
    return this.write({ ...state, owner: this.owner, updatedAt: now() });
  }

  beat(everyMs: number): void {
    this.beating = setInterval(() => void this.keep(this.last).catch(() => undefined), everyMs);
  }

  /** The last state of ours: the run has ended, or anyone may have it. */
  async leave(change: Partial<CarriedRun> = {}): Promise<void> {
    this.stop();
    await this.write({ ...this.last, ...change, owner: undefined, updatedAt: now() });
  }

  stop(): void {
    clearInterval(this.beating);
  }

  private write(state: R): Promise<void> {
    const after = this.last;
    this.last = state;
    this.writing = this.writing.then(() => this.runs.save(state, after));
    this.writing.catch((error: unknown) => this.losing.abort(error));
    return this.writing;
  }
}

export const now = (): Instant => instantFrom(Date.now());
