import { Injectable, Logger } from '@nestjs/common';
import { NotADeadLetter, OriginalGone } from '@tallystream/jetstream';
import { Counter } from 'prom-client';
import { DeadLetters } from './dead-letters';
import { ForgottenRequests } from './forgotten-requests';
import { dueLetters } from './passing-letters';

const healed = new Counter({
  name: 'tally_healed_total',
  help: 'What was put right without anybody asking, by action',
  labelNames: ['action'],
});
/** Who did it, in the records of what was done. */
const SELF = 'self-healing';

/**
 * Puts right what passes by itself once it is tried again. What heals without being looked for is elsewhere: leases
 * and claims end with their holders, streams and consumers are compared by every process, and projections begin
 * where their stores stand.
 */
@Injectable()
export class Healing {
  private readonly logger = new Logger('healing');

  constructor(
    private readonly deadLetters: DeadLetters,
    private readonly requests: ForgottenRequests,
  ) {}

  /** @throws NatsUnavailable */
  async heal(now: number): Promise<void> {
    await this.retryLetters(now);
    const asked = await this.requests.askAgain();
    if (asked === 0) return;
    healed.inc({ action: 'ask-again' }, asked);
    this.logger.log(`${asked} items that were to be looked at had been forgotten, and are asked for again`);
  }

  private async retryLetters(now: number): Promise<void> {
    for (const letter of dueLetters(await this.deadLetters.open(), now)) {
      const { id, consumer, reason, retries } = letter;
      try {
        if (!(await this.deadLetters.retry(letter, SELF))) continue;
      } catch (error) {
        if (!(error instanceof NotADeadLetter || error instanceof OriginalGone)) throw error;
        this.logger.debug(`dead letter ${id} cannot be put back: ${error.message}`);
        continue;
      }
      healed.inc({ action: 'redrive' });
      this.logger.log(
        `dead letter ${id} of ${consumer} (${reason}) is put back, for the ${retries + 1}. time`,
      );
    }
  }
}
