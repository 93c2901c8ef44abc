import { Inject, Injectable } from '@nestjs/common';
import type { ItemId, Naming } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection, publish } from '@tallystream/jetstream';
import { CONFIG, type Config, NAMING } from '@tallystream/platform';

/** Asks for items to be looked at in Zoho: a queue with at most one waiting request per item. */
@Injectable()
export class ObservationRequests {
  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * @param because what asks, for whoever reads the queue, e.g. `webhook:4711`
   * @param urgent only an observation can tell the number: without the delay that gathers requests
   */
  async request(items: readonly ItemId[], because: string, urgent: boolean): Promise<void> {
    const delay = this.config.ZOHO_OBSERVE_DELAY_MS;
    if (delay < 0) return;
    const now = Date.now();
    const headers = {
      'Tally-Because': because,
      'Tally-Requested-At': new Date(now).toISOString(),
      'Tally-Due-At': new Date(now + (urgent ? 0 : delay)).toISOString(),
    };
    await Promise.all(
      items.map((itemId) =>
        publish(this.connection, {
          subject: this.naming.observeSubject(itemId),
          headers,
          data: Buffer.from(JSON.stringify({ itemId })),
        }),
      ),
    );
  }
}
