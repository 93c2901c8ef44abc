import type { NamedConsumers } from '@tallystream/jetstream';

/** Every durable consumer of every app: that one of them stands still must show also when its process is gone. */
export const allConsumers: NamedConsumers = {
  STOCK: ['balances', 'stock-cache', 'audit-trail', 'drift', 'revalidation'],
  CATALOG: ['catalogue'],
  ZOHO_INBOX: ['translator', 'webhook-arrivals'],
  ZOHO_OUTCOMES: ['webhook-outcomes'],
  ZOHO_OBSERVE: ['observer'],
};
