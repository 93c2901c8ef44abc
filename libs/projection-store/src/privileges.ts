import { type Client, escapeIdentifier } from 'pg';

/** Apps that have a role of their own in Postgres, where they run apart; deploy/postgres makes the roles. */
export type AppWithRole =
  | 'ingress'
  | 'balances'
  | 'stock_cache'
  | 'audit_trail'
  | 'reconciler'
  | 'operations';

/** What an app may do with tables that another role, the one that ran the migrations, owns. */
export type Privilege = Readonly<{
  app: AppWithRole;
  may: readonly ('SELECT' | 'INSERT' | 'UPDATE' | 'DELETE')[];
  on: readonly string[];
  /** Projections whose checkpoints it moves. */
  projections?: readonly string[];
  /** Functions of the owner that do for it what it may not do itself. */
  calls?: readonly string[];
}>;

export type PrivilegeParts = Readonly<{ schema: string; owner: string; privileges: readonly Privilege[] }>;

const CHECKPOINTS = 'projection_checkpoints';

/**
 * Lets each app's role do what the app does, and no more; roles that are not there are left out. Called by the
 * owner of the tables, one at a time, as often as it likes.
 */
export const grantPrivileges = async (client: Client, parts: PrivilegeParts): Promise<void> => {
  const roles = parts.privileges.map(({ app }) => roleOf(app));
  const { rows } = await client.query<{ rolname: string }>(
    'SELECT rolname FROM pg_roles WHERE rolname = ANY($1)',
    [roles],
  );
  const isThere = new Set(rows.map(({ rolname }) => rolname));
  const granted = parts.privileges.filter(({ app }) => isThere.has(roleOf(app)));
  if (granted.length === 0) return;
  const statements = granted.flatMap((privilege) => grantsOf(parts, privilege));
  // Together, so that nobody is without for a moment.
  await client.query([...statements, ...(await policiesFor(client, parts.schema, granted))].join(';\n'));
};

const roleOf = (app: AppWithRole): string => `tallystream_${app}`;

const grantsOf = (
  { schema, owner }: PrivilegeParts,
  { app, may, on, projections = [], calls = [] }: Privilege,
): readonly string[] => {
  const role = escapeIdentifier(roleOf(app));
  const tables = (names: readonly string[]) => names.map((name) => inSchema(schema, name)).join(', ');
  return [
    `GRANT USAGE ON SCHEMA ${escapeIdentifier(schema)} TO ${role}`,
    `GRANT SELECT ON ${tables([`migrations_${owner}`, CHECKPOINTS])} TO ${role}`,
    // Of an earlier release it may have had more.
    ...(on.length > 0
      ? [`REVOKE ALL ON ${tables(on)} FROM ${role}`, `GRANT ${may.join(', ')} ON ${tables(on)} TO ${role}`]
      : []),
    ...(projections.length > 0 ? [`GRANT INSERT, UPDATE ON ${tables([CHECKPOINTS])} TO ${role}`] : []),
    ...calls.map((name) => `GRANT EXECUTE ON FUNCTION ${inSchema(schema, name)} TO ${role}`),
  ];
};

/** All projections share a table of checkpoints, in which each app may move its own. */
const policiesFor = async (
  client: Client,
  schema: string,
  granted: readonly Privilege[],
): Promise<readonly string[]> => {
  const { rows } = await client.query<{ policyname: string }>(
    'SELECT policyname FROM pg_policies WHERE schemaname = $1 AND tablename = $2',
    [schema, CHECKPOINTS],
  );
  const isThere = new Set(rows.map(({ policyname }) => policyname));
  const table = inSchema(schema, CHECKPOINTS);
  const wanted = new Map([['everyone reads', 'FOR SELECT USING (true)']]);
  for (const { app, projections = [] } of granted)
    for (const projection of projections)
      wanted.set(
        `${app} moves ${projection}`,
        `TO ${escapeIdentifier(roleOf(app))} USING (projection = '${projection}')`,
      );
  const missing = [...wanted].filter(([name]) => !isThere.has(name));
  if (missing.length === 0) return [];
  return [
    `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`,
    ...missing.map(([name, rule]) => `CREATE POLICY ${escapeIdentifier(name)} ON ${table} ${rule}`),
  ];
};

const inSchema = (schema: string, name: string): string =>
  `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
