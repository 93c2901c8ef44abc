import { Inject, Injectable } from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import {
  backlog,
  CommitConflict,
  JETSTREAM,
  type JetStreamConnection,
  messagesAfter,
  publish,
  type StreamMessage,
} from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';

/** So many at a time; the next look finds the rest. */
const MAX = 500;

/**
 * Requests to look at an item that nobody will be given any more. A server that is killed between an acknowledgement
 * and the removal of what was acknowledged keeps the message in its queue, through restarts too (nats-server 2.14.0,
 * found by tests/chaos). Its item would count as in flight for ever, and no drift of it would be seen.
 */
@Injectable()
export class ForgottenRequests {
  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
  ) {}

  /**
   * Asks for each of them again, unless there is a newer one: once more is harmless.
   * @returns how many
   * @throws NatsUnavailable
   */
  async askAgain(): Promise<number> {
    const asked = await Promise.all((await this.forgotten()).map((request) => this.ask(request)));
    return asked.filter(Boolean).length;
  }

  private async forgotten(): Promise<readonly StreamMessage[]> {
    const { connection, naming } = this;
    // Before the messages: what is acknowledged while we read them may still be on its way out.
    const before = await backlog(connection, naming, 'ZOHO_OBSERVE', 'observer');
    if (!before) return [];
    const subject = naming.subject('zoho.observe.>');
    const stream = naming.stream('ZOHO_OBSERVE');
    const oldest = await messagesAfter(connection, stream, subject, { after: 0, max: MAX });
    return oldest.filter(({ seq }) => seq <= before.acknowledged);
  }

  private async ask({ subject, seq, data, headers }: StreamMessage): Promise<boolean> {
    const kept = Object.entries(headers()).filter(([name]) => !name.startsWith('Nats-'));
    try {
      const message = { subject, data, headers: Object.fromEntries(kept), expectedSubjectSeq: seq };
      await publish(this.connection, message);
      return true;
    } catch (error) {
      if (error instanceof CommitConflict) return false;
      throw error;
    }
  }
}
