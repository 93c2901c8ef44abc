import { Inject, Injectable } from '@nestjs/common';
import { instantFrom, type Naming, Problem, type StreamSeq } from '@tallystream/contracts';
import {
  CommitConflict,
  JETSTREAM,
  type JetStreamConnection,
  NotADeadLetter,
  OriginalGone,
  redrive,
} from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';
import { type BuriedMessage, type DeadLetterState, statusOf } from './dead-letter';
import { DeadLetterStates, type StoredState } from './dead-letter-states';

type Named = Pick<BuriedMessage, 'id' | 'consumer' | 'reason'>;

/** What can be done about a dead letter: once, by whoever comes first. */
@Injectable()
export class DeadLetterDecisions {
  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
    private readonly states: DeadLetterStates,
  ) {}

  /**
   * Puts it back to be handled again. It is claimed before: of two at once, one does it. Cut off in between it is
   * open again after a minute; a second time in the stream does no harm, as whatever is handled twice counts once.
   * @throws Problem `conflict` when it is not open any more, or cannot be put back
   */
  async retry(letter: Named, by: string): Promise<DeadLetterState> {
    const claimed = await this.move(letter, { status: 'retrying', by });
    try {
      const retriedAs = await redrive(this.connection, this.naming, letter.id);
      return (await this.states.move({ ...claimed.state, status: 'retried', retriedAs }, claimed)).state;
    } catch (error) {
      await this.states.move({ ...claimed.state, status: 'open' }, claimed).catch(() => undefined);
      // Nothing can be done about it any more, but to discard it.
      if (error instanceof NotADeadLetter || error instanceof OriginalGone)
        throw new Problem('conflict', error.message);
      throw error;
    }
  }

  /** Leaves it as it is, for good. @throws Problem `conflict` when it is not open any more */
  async discard(letter: Named, by: string, note: string): Promise<DeadLetterState> {
    return (await this.move(letter, { status: 'discarded', by, note })).state;
  }

  private async move(
    { id, consumer, reason }: Named,
    decision: Pick<DeadLetterState, 'status' | 'by' | 'note'>,
  ): Promise<StoredState> {
    const before = await this.states.newest(id);
    const now = Date.now();
    if (statusOf(before?.state, now) !== 'open') throw notOpen(id, before?.state);
    try {
      const at = instantFrom(now);
      return await this.states.move({ deadLetter: id, consumer, reason, at, ...decision }, before);
    } catch (error) {
      if (error instanceof CommitConflict) throw notOpen(id, (await this.states.newest(id))?.state);
      throw error;
    }
  }
}

const notOpen = (id: StreamSeq, state: DeadLetterState | undefined): Problem => {
  const what = state
    ? `was ${state.status === 'discarded' ? 'discarded' : 'retried'} by ${state.by}`
    : 'moved';
  const again = state?.status === 'discarded' ? '' : ' If it fails again, it comes as a new dead letter.';
  return new Problem('conflict', `Dead letter ${id} is not open any more: it ${what}.${again}`);
};
