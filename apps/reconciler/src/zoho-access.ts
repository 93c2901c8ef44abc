import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import { CONFIG, type Config, NAMING } from '@tallystream/platform';
import type { Redis } from '@tallystream/redis';
import { openZohoClient, type ZohoClient } from '@tallystream/zoho';
import { REDIS } from './tokens';

/** Opens the client of the configured organisation, and ends its calls with the process. */
@Injectable()
export class ZohoAccess implements OnApplicationShutdown {
  private readonly ending = new AbortController();
  /** Nothing when no organisation is configured: then everything works but what needs Zoho's word. */
  readonly client: ZohoClient | undefined;

  constructor(@Inject(CONFIG) config: Config, @Inject(NAMING) naming: Naming, @Inject(REDIS) redis: Redis) {
    const { ZOHO_CLIENT_ID, ZOHO_CLIENT_SECRET, ZOHO_REFRESH_TOKEN, ZOHO_ORGANIZATION_ID } = config;
    if (!ZOHO_CLIENT_ID || !ZOHO_CLIENT_SECRET || !ZOHO_REFRESH_TOKEN || !ZOHO_ORGANIZATION_ID) return;
    this.client = openZohoClient({
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
      redis,
      naming,
      signal: this.ending.signal,
    });
  }

  onApplicationShutdown(): void {
    this.ending.abort();
  }
}
