import { setTimeout as pause } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { type Instant, millisOf, type Naming } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection } from '@tallystream/jetstream';
import { defaultLedgerSettings, type Ledger, openLedger } from '@tallystream/ledger';
import { CONFIG, type Config, Health, NAMING, type PartHealth } from '@tallystream/platform';
import { openRedis, type Redis } from '@tallystream/redis';
import { openZohoClient, type ZohoClient } from '@tallystream/zoho';
import { isOpened, observeEverything } from './opening-observation';

const PAUSE_MS = { first: 500, longest: 30_000 };

/** Brings the opening stock in, once in the life of a ledger, however long it takes until Zoho answers. */
@Injectable()
export class OpeningService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('reconciler');
  private readonly stopping = new AbortController();
  private readonly stopped = new Promise<void>((resolve) => {
    this.stopping.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  private readonly ledger: Ledger;
  private state: PartHealth = { status: 'degraded', detail: 'the opening stock has not been observed yet' };
  private running: Promise<void> | undefined;
  private redis: Redis | undefined;

  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(NAMING) private readonly naming: Naming,
    health: Health,
  ) {
    this.ledger = openLedger(connection, naming, {
      ...defaultLedgerSettings,
      trustMarginMs: config.TRUST_MARGIN_MS,
    });
    health.register('reconciler', async () => this.state);
  }

  onApplicationBootstrap(): void {
    const zoho = this.zohoClient();
    if (zoho) this.running = this.runUntilOpened(zoho);
    else
      this.state = {
        status: 'degraded',
        detail: 'no Zoho credentials are set: the opening stock stays unknown',
      };
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
    this.redis?.disconnect();
  }

  private async runUntilOpened(zoho: ZohoClient): Promise<void> {
    const { signal } = this.stopping;
    for (let wait = PAUSE_MS.first; !signal.aborted; wait = Math.min(wait * 2, PAUSE_MS.longest)) {
      try {
        await Promise.race([this.connection.ready(), this.stopped]);
        if (signal.aborted) return;
        if (!(await isOpened(this.ledger))) await this.open(zoho);
        this.state = { status: 'up' };
        return;
      } catch (error) {
        if (signal.aborted) return;
        const detail = error instanceof Error ? error.message : String(error);
        this.state = { status: 'degraded', detail: `the opening stock cannot be observed: ${detail}` };
        this.logger.warn(this.state.detail);
      }
      await pause(wait, undefined, { signal }).catch(() => undefined);
    }
  }

  private async open(zoho: ZohoClient): Promise<void> {
    const asOf = await observeEverything({
      ledger: this.ledger,
      zoho,
      batchSize: this.config.ZOHO_BATCH_SIZE,
      now: Date.now,
    });
    this.logger.log('the opening stock has been observed');
    if (asOf) await this.waitOutDoubt(asOf);
  }

  /** A document modified within the margin of the observation could not be trusted: let that moment pass. */
  private async waitOutDoubt(asOf: Instant): Promise<void> {
    const SECOND = 1_000;
    const left = millisOf(asOf) + this.config.TRUST_MARGIN_MS + SECOND - Date.now();
    if (left > 0) await pause(Math.min(left, 10 * SECOND), undefined, { signal: this.stopping.signal });
  }

  private zohoClient(): ZohoClient | undefined {
    const { config } = this;
    const { ZOHO_CLIENT_ID, ZOHO_CLIENT_SECRET, ZOHO_REFRESH_TOKEN, ZOHO_ORGANIZATION_ID } = config;
    if (!ZOHO_CLIENT_ID || !ZOHO_CLIENT_SECRET || !ZOHO_REFRESH_TOKEN || !ZOHO_ORGANIZATION_ID)
      return undefined;
    this.redis = openRedis(config.REDIS_URL);
    return openZohoClient({
      apiBaseUrl: config.ZOHO_API_BASE_URL,
      product: config.ZOHO_PRODUCT,
      organizationId: ZOHO_ORGANIZATION_ID,
      arabicNameField: config.ZOHO_ARABIC_NAME_FIELD,
      credentials: {
        accountsUrl: config.ZOHO_ACCOUNTS_URL,
        clientId: ZOHO_CLIENT_ID,
        clientSecret: ZOHO_CLIENT_SECRET,
        refreshToken: ZOHO_REFRESH_TOKEN,
      },
      limits: {
        perMinute: config.ZOHO_RATE_LIMIT_PER_MINUTE,
        perDay: config.ZOHO_DAILY_LIMIT,
        concurrency: config.ZOHO_CONCURRENCY,
      },
      redis: this.redis,
      naming: this.naming,
      signal: this.stopping.signal,
    });
  }
}
