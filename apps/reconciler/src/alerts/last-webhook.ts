import { Inject, Injectable } from '@nestjs/common';
import { type Instant, instantFrom, millisOf, type Naming } from '@tallystream/contracts';
import { webhookFrom } from '@tallystream/inbox';
import {
  JETSTREAM,
  type JetStreamConnection,
  lastMessages,
  messagesSince,
  REDRIVE_OF,
  type StreamMessage,
} from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';

/** When Zoho last sent something: not what we fetched ourselves, or put back, which lies in the inbox, too. */
@Injectable()
export class LastWebhook {
  private last: number | undefined;

  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
  ) {}

  /** Nothing when none has come since that moment, and none is remembered. @throws NatsUnavailable */
  async since(moment: Instant): Promise<Instant | undefined> {
    const stream = this.naming.stream('ZOHO_INBOX');
    const subject = this.naming.subject('zoho.inbox.>');
    this.take(await lastMessages(this.connection, stream, [subject]));
    // Once: behind what was fetched last there may be a webhook yet.
    if (this.last === undefined) this.take(await messagesSince(this.connection, stream, subject, moment));
    return this.last === undefined ? undefined : instantFrom(this.last);
  }

  private take(messages: readonly StreamMessage[]): void {
    for (const message of messages)
      if (webhookFrom(message).syncRun === undefined && message.header(REDRIVE_OF) === undefined)
        this.last = Math.max(this.last ?? 0, millisOf(message.storedAt));
  }
}
