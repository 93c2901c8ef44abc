import { auditDatabase } from '../audit-trail/audit-database';
import { balancesDatabase } from '../balances/balances-database';
import type { Database, DatabasePlace } from '../database';
import { driftDatabase } from '../drift/drift-database';
import type { AppWithRole } from '../privileges';
import { webhookLogDatabase } from '../webhook-log/webhook-log-database';

/** Tables that are made of streams alone, so that they can be made again: together, and apart from others. */
export type Store = Readonly<{
  open: (place: DatabasePlace) => Database;
  /** Whose projection it is. */
  by: AppWithRole;
  tables: readonly string[];
  /** Functions without arguments that triggers of the tables call. */
  functions: readonly string[];
  /** Tables of which the streams have forgotten the oldest rows: those are taken over. By their integer key. */
  keepsOlder?: Readonly<{ table: string; key: string }>;
}>;

const store = (parts: Omit<Store, 'functions'> & Partial<Pick<Store, 'functions'>>): Store => ({
  functions: [],
  ...parts,
});

export const stores = {
  balances: store({ open: balancesDatabase, by: 'balances', tables: ['balances'] }),
  catalogue: store({ open: balancesDatabase, by: 'balances', tables: ['items', 'warehouses'] }),
  drift: store({ open: driftDatabase, by: 'reconciler', tables: ['drifts'] }),
  'audit-trail': store({
    open: auditDatabase,
    by: 'audit_trail',
    tables: ['audit_events', 'audit_blocks'],
    functions: ['refuse_change'],
  }),
  'webhook-log': store({
    open: webhookLogDatabase,
    by: 'ingress',
    tables: ['webhook_log'],
    keepsOlder: { table: 'webhook_log', key: 'sequence' },
  }),
} as const satisfies Record<string, Store>;
export type StoreName = keyof typeof stores;

type Where = Readonly<{ url: string; schema: string }>;

/** Where the next version of a store is made. */
export const nextSchema = (live: string, name: StoreName): string =>
  `${live}__next_${name.replaceAll('-', '_')}`;

/** The tables that are to take the place of a store's. */
export const nextVersion = (name: StoreName, { url, schema }: Where): Database => {
  const { open, by, tables, functions } = stores[name];
  return open({
    url,
    schema: nextSchema(schema, name),
    poolSize: 2,
    next: { of: schema, by, tables, functions },
  });
};

const isStoreName = (name: string): name is StoreName => name in stores;

/** Makes the next versions that are not there, empty, for apps whose roles may make none. */
export const makeNextVersionsAhead = async (live: Database, url: string): Promise<void> => {
  const rows = await live.query<{ name: string }>(
    `SELECT name FROM unnest($1::text[], $2::text[]) AS wanted(name, schema) WHERE to_regnamespace(schema) IS NULL`,
    [
      Object.keys(stores),
      Object.keys(stores)
        .filter(isStoreName)
        .map((name) => nextSchema(live.schema, name)),
    ],
  );
  for (const { name } of rows) {
    if (!isStoreName(name)) continue;
    const next = nextVersion(name, { url, schema: live.schema });
    try {
      await next.ready();
    } finally {
      await next.onApplicationShutdown();
    }
  }
};
