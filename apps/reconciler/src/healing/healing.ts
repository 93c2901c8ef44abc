import { Injectable, Logger } from '@nestjs/common';
import { Problem } from '@tallystream/contracts';
import { type BuriedMessage, DeadLetterDecisions, DeadLetters } from '@tallystream/dead-letters';
import { passingReasons } from '@tallystream/jetstream';
import { Counter } from 'prom-client';
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
    private readonly decisions: DeadLetterDecisions,
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
    for (const letter of dueLetters(await this.passing(), now)) {
      const { id, consumer, reason, retries } = letter;
      try {
        await this.decisions.retry(letter, SELF);
      } catch (error) {
        // Another was faster, or nothing is left that could be put back.
        if (!(error instanceof Problem && error.code === 'conflict')) throw error;
        this.logger.debug(`dead letter ${id} is not put back: ${error.message}`);
        continue;
      }
      healed.inc({ action: 'redrive' });
      this.logger.log(
        `dead letter ${id} of ${consumer} (${reason}) is put back, for the ${retries + 1}. time`,
      );
    }
  }

  /** Open letters whose cause may have passed; only kinds that have any are read. */
  private async passing(): Promise<readonly BuriedMessage[]> {
    const kinds = (await this.deadLetters.openCounts()).filter(({ reason }) => passingReasons.has(reason));
    const letters = await Promise.all(
      kinds.map(({ consumer, reason }) => this.deadLetters.open({ consumer, reason })),
    );
    return letters.flat();
  }
}
