import { Inject, Injectable } from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import { type ReceivedWebhook, storeWebhook } from '@tallystream/inbox';
import { JETSTREAM, type JetStreamConnection, type Published } from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';

/** Writes to the stream `ZOHO_INBOX`. */
@Injectable()
export class Inbox {
  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
  ) {}

  /** Resolves once the webhook is stored. @throws NatsUnavailable */
  store(webhook: ReceivedWebhook): Promise<Published> {
    return storeWebhook(this.connection, this.naming, webhook);
  }
}
