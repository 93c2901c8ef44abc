import { Injectable } from '@nestjs/common';
import { Problem, streamSeq } from '@tallystream/contracts';
import {
  type BuriedMessage,
  DeadLetterDecisions,
  DeadLetterStates,
  DeadLetters,
} from '@tallystream/dead-letters';
import { Pace } from '../pace';
import type { DeadLetterRetry } from '../runs/operation-run';

/** So much of the stream is looked at in one step: what it holds is kept in memory meanwhile. */
const STEP = 500;

type Outcome = 'retried' | 'skipped' | 'failed';

/** Puts back, one after the other, what was open when it was asked for; what was done meanwhile is passed over. */
@Injectable()
export class RetryAll {
  constructor(
    private readonly letters: DeadLetters,
    private readonly decisions: DeadLetterDecisions,
    private readonly states: DeadLetterStates,
    private readonly pace: Pace,
  ) {}

  async *carryOut(begun: DeadLetterRetry, signal: AbortSignal): AsyncGenerator<DeadLetterRetry> {
    const { filter, last } = begun.parameters;
    await this.states.ready();
    let run: DeadLetterRetry = { ...begun, phase: 'retrying' };
    while (run.position < last && !signal.aborted) {
      const end = Math.min(run.position + STEP, last);
      const open = (await this.letters.heads(filter, { first: run.position + 1, last: end })).filter(
        ({ status }) => status === 'open',
      );
      for (let left: readonly BuriedMessage[] = open; left.length > 0 && !signal.aborted; ) {
        const room = await this.pace.room(signal);
        const next = left.slice(0, room);
        left = left.slice(room);
        run = counted(run, await Promise.all(next.map((letter) => this.retry(letter, run.requestedBy))));
        yield run;
      }
      if (signal.aborted) return;
      run = { ...run, position: streamSeq(end) };
      yield run;
    }
  }

  private async retry(letter: BuriedMessage, by: string): Promise<Outcome> {
    try {
      await this.decisions.retry(letter, by);
      return 'retried';
    } catch (error) {
      if (!(error instanceof Problem && error.code === 'conflict')) throw error;
      // Somebody else did something about it, or nothing can be done.
      return this.states.of(letter.id)?.status === 'open' ? 'failed' : 'skipped';
    }
  }
}

const counted = (run: DeadLetterRetry, outcomes: readonly Outcome[]): DeadLetterRetry => {
  const stats = { ...run.stats };
  for (const outcome of outcomes) stats[outcome] = (stats[outcome] ?? 0) + 1;
  return { ...run, done: run.done + outcomes.length, stats };
};
