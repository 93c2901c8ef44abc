import { Inject, Injectable } from '@nestjs/common';
import type { Catalogue } from '@tallystream/catalogue';
import type { ItemId, Naming, RunId } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection } from '@tallystream/jetstream';
import { type Ledger, requestObservations } from '@tallystream/ledger';
import { CONFIG, type Config, NAMING } from '@tallystream/platform';
import type { ZohoClient } from '@tallystream/zoho';
import { driftPolicyOf } from '../drift-policy';
import { CATALOGUE, LEDGER, ZOHO } from '../tokens';
import type { Judged } from './judge-items';
import type { ObserverParts } from './observe-items';

/** What it takes to look at items in Zoho, for the queue and for sweeps alike. */
@Injectable()
export class Looking {
  /** Nothing when no organisation is configured. */
  readonly parts: ObserverParts | undefined;
  private readonly delayMs: number;

  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
    @Inject(LEDGER) ledger: Ledger,
    @Inject(CATALOGUE) catalogue: Catalogue,
    @Inject(CONFIG) config: Config,
    @Inject(ZOHO) zoho: ZohoClient | undefined,
  ) {
    this.delayMs = Math.max(config.ZOHO_OBSERVE_DELAY_MS, 0);
    this.parts = zoho && {
      connection,
      naming,
      ledger,
      catalogue,
      zoho,
      policyOf: driftPolicyOf(config),
      now: Date.now,
    };
  }

  /** Asks for another look at what could not be told by this one. */
  async again({ lookAgain, inDoubt }: Judged, runId: RunId): Promise<void> {
    const because = `look-again:${runId}`;
    await this.request(lookAgain, because, false);
    await this.request(inDoubt, because, true);
  }

  /** Asks for a look, after some time, at what differs with nothing in flight. */
  async later(items: readonly ItemId[], runId: RunId, delayMs: number): Promise<void> {
    await requestObservations(this.connection, this.naming, items, {
      because: `unexplained:${runId}`,
      delayMs,
      inDoubt: false,
      isNews: false,
    });
  }

  private async request(items: readonly ItemId[], because: string, inDoubt: boolean): Promise<void> {
    const { connection, naming, delayMs } = this;
    await requestObservations(connection, naming, items, { because, delayMs, inDoubt });
  }
}
