import type { Naming } from '@tallystream/contracts';
import type { Config } from '@tallystream/platform';
import type { Redis } from '@tallystream/redis';
import { openZohoClient, type ZohoClient } from '@tallystream/zoho';

/** Nothing when no organisation is configured: then everything works but what needs Zoho's word. */
export const zohoClientFrom = (config: Config, naming: Naming, redis: Redis): ZohoClient | undefined => {
  const { ZOHO_CLIENT_ID, ZOHO_CLIENT_SECRET, ZOHO_REFRESH_TOKEN, ZOHO_ORGANIZATION_ID } = config;
  if (!ZOHO_CLIENT_ID || !ZOHO_CLIENT_SECRET || !ZOHO_REFRESH_TOKEN || !ZOHO_ORGANIZATION_ID)
    return undefined;
  return undefined;
};
