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
  /** The highest sequence in the tables, where that of the newest event of their stream must be among them. */
  newest?: string;
  /** Tables of which the streams have forgotten the oldest rows: those are taken over. By their integer key. */
  keepsOlder?: Readonly<{ table: string; key: string }>;
}>;

const store = (parts: Omit<Store, 'functions'> & Partial<Pick<Store, 'functions'>>): Store => ({
  functions: [],
  ...parts,
});

export const stores = {
  balances: store({
    open: balancesDatabase,
    by: 'balances',
    tables: ['balances'],
    newest: 'SELECT max(sequence) FROM balances',
  }),
  catalogue: store({
    open: balancesDatabase,
    by: 'balances',
    tables: ['items', 'warehouses'],
    newest: 'SELECT greatest((SELECT max(sequence) FROM items), (SELECT max(sequence) FROM warehouses))',
  }),
  drift: store({
    open: driftDatabase,
    by: 'reconciler',
    tables: ['drifts'],
    newest: 'SELECT greatest(max(detected_sequence), max(resolved_sequence)) FROM drifts',
  }),
  'audit-trail': store({
    open: auditDatabase,
    by: 'audit_trail',
    tables: ['audit_events', 'audit_blocks'],
    functions: ['refuse_change'],
    newest: 'SELECT max(sequence) FROM audit_events',
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

export type Standing = Readonly<{
  checkpoint: number;
  /** The newest row's sequence, 0 without one; absent where it says nothing. */
  newest?: number;
}>;

/** Where a store stands by its checkpoint, and by its rows, at one moment. */
export const standing = async (live: Database, name: StoreName, projection: string): Promise<Standing> => {
  const { newest }: Store = stores[name];
  const [row] = await live.query<{ checkpoint: string; newest: string | null }>(
    `SELECT coalesce((SELECT sequence FROM projection_checkpoints WHERE projection = $1), 0) AS checkpoint,
       (${newest ?? 'SELECT NULL'}) AS newest`,
    [projection],
  );
  return {
    checkpoint: Number(row?.checkpoint ?? 0),
    ...(newest ? { newest: Number(row?.newest ?? 0) } : {}),
  };
};

const isStoreName = (name: string): name is StoreName => name in stores;

/**
 * Makes the next versions that are not there, empty, for apps whose roles may make none.
 * @param which `all` also brings those that are there to the form of this release
 */
export const makeNextVersionsAhead = async (
  live: Database,
  url: string,
  which: 'missing' | 'all' = 'missing',
): Promise<void> => {
  const names = Object.keys(stores).filter(isStoreName);
  const wanted = await live.query<{ name: StoreName }>(
    `SELECT name FROM unnest($1::text[], $2::text[]) AS wanted(name, schema) WHERE $3 OR to_regnamespace(schema) IS NULL`,
    [names, names.map((name) => nextSchema(live.schema, name)), which === 'all'],
  );
  for (const { name } of wanted) {
    const next = nextVersion(name, { url, schema: live.schema });
    try {
      await next.ready();
    } finally {
      await next.onApplicationShutdown();
    }
  }
};
