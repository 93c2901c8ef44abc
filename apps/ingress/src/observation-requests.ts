import { Inject, Injectable } from '@nestjs/common';
import type { ItemId, Naming } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection } from '@tallystream/jetstream';
import { requestObservations } from '@tallystream/ledger';
import { CONFIG, type Config, NAMING } from '@tallystream/platform';

/** Asks for the items of webhooks to be looked at in Zoho. */
@Injectable()
export class ObservationRequests {
  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * @param because what asks, for whoever reads the queue, e.g. `webhook:4711`
   * @param inDoubt only an observation can tell the number: what it finds is no drift
   * @param atOnce without the delay that gathers requests
   */
  async request(
    items: readonly ItemId[],
    because: string,
    { inDoubt, atOnce }: Readonly<{ inDoubt: boolean; atOnce: boolean }>,
  ): Promise<void> {
    const delayMs = this.config.ZOHO_OBSERVE_DELAY_MS;
    if (delayMs < 0) return;
    await requestObservations(this.connection, this.naming, items, {
      because,
      delayMs: atOnce ? 0 : delayMs,
      inDoubt,
    });
  }
}
