import { auditDatabase } from './audit-trail/audit-database';
import { balancesDatabase } from './balances/balances-database';
import type { Database } from './database';
import { driftDatabase } from './drift/drift-database';
import { webhookLogDatabase } from './webhook-log/webhook-log-database';

/** Every read model there is, for whoever sets them up on behalf of the apps. */
export const allDatabases = (where: Readonly<{ url: string; schema: string }>): readonly Database[] =>
  [balancesDatabase, auditDatabase, driftDatabase, webhookLogDatabase].map((open) => open(where));
