import type { Naming } from '@tallystream/contracts';
import type { BudgetTimes } from '../budget/budget-store';
import type { ZohoLimits } from '../budget/quota-status';
import type { SharedRedis } from '../budget/shared-redis';
import type { TokenTimes } from '../budget/shared-token';
import type { CallTimes } from './call-times';
import type { ZohoCredentials } from './token-request';

export type ZohoClientSettings = Readonly<{
  apiBaseUrl: string;
  product: 'inventory' | 'books';
  organizationId: string;
  credentials: ZohoCredentials;
  /** Api name of the custom field that holds an item's Arabic name */
  arabicNameField: string;
  limits: ZohoLimits;
  /** Where all replicas keep the budget and the access token; closed by whoever opened it */
  redis: SharedRedis;
  naming: Pick<Naming, 'redisKey'>;
  /** Ends the client: calls in flight fail, its own connection closes. */
  signal: AbortSignal;
  /** Shorter windows and pauses, for tests */
  times?: Partial<BudgetTimes & CallTimes & TokenTimes>;
}>;
