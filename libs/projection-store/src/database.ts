import { types } from 'node:util';
import { Problem } from '@tallystream/contracts';
import { Client } from 'pg';
import {
  DataSource,
  type EntityManager,
  type EntityTarget,
  type MigrationInterface,
  type ObjectLiteral,
  type Repository,
} from 'typeorm';
import { grantPrivileges, type Privilege } from './privileges';
import { makeOwnersPart, type NextVersion, ownersPart } from './rebuild/next-version';

type Constructor<T> = new () => T;

export type DatabaseParts = Readonly<{
  url: string;
  schema: string;
  /** Who this is, in `pg_stat_activity` and in the name of the table of migrations. */
  owner: string;
  entities: readonly Constructor<object>[];
  migrations: readonly Constructor<MigrationInterface>[];
  /** What the roles of apps that run apart may do with the tables. */
  privileges?: readonly Privilege[];
  poolSize?: number;
  /** The tables are to take the place of others. What a crash of Postgres loses of them is made again. */
  next?: NextVersion;
}>;

/** Where a database of ours is, and what its opener decides. */
export type DatabasePlace = Pick<DatabaseParts, 'url' | 'schema' | 'poolSize' | 'next'>;

const CONNECT_TIMEOUT_MS = 3_000;
/** Asked of the client, too: a server that is frozen does not end its statements itself. */
const STATEMENT_TIMEOUT_MS = 5_000;

/**
 * A Postgres schema of ours, migrated before its first use. It connects when it is needed, and again after
 * a failure, so that a process starts and serves what it can while Postgres is away.
 */
export class Database {
  private opening: Promise<DataSource> | undefined;

  constructor(private readonly parts: DatabaseParts) {}

  /** The open, migrated database. @throws Problem `store_unavailable` */
  async ready(): Promise<DataSource> {
    this.opening ??= open(this.parts);
    try {
      return await this.opening;
    } catch (error) {
      this.opening = undefined;
      throw unavailable(error);
    }
  }

  /** Rows of one statement. @throws Problem `store_unavailable` when Postgres cannot be reached */
  async query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<readonly Row[]> {
    const source = await this.ready();
    return source.query<Row[]>(sql, [...parameters]).catch((error: unknown) => {
      throw unavailable(error);
    });
  }

  async transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const source = await this.ready();
    return source.transaction(work).catch((error: unknown) => {
      throw unavailable(error);
    });
  }

  async repository<T extends ObjectLiteral>(entity: EntityTarget<T>): Promise<Repository<T>> {
    return (await this.ready()).getRepository(entity);
  }

  /** A connection of its own, outside the pool, for session locks. The caller ends it. */
  dedicatedClient(): Client {
    return new Client(clientOptions(this.parts));
  }

  get schema(): string {
    return this.parts.schema;
  }

  /** Called by Nest when the process ends. */
  async onApplicationShutdown(): Promise<void> {
    const source = await this.opening?.catch(() => undefined);
    this.opening = undefined;
    await source?.destroy();
  }
}

const clientOptions = (parts: DatabaseParts) => ({
  connectionString: parts.url,
  application_name: `tallystream ${parts.owner}`,
  connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  keepAlive: true,
  options: sessionOptions(parts),
});

/** Compiling a plan (jit) takes longer than any statement of ours runs. */
const sessionOptions = ({ schema, next }: Pick<DatabaseParts, 'schema' | 'next'>) =>
  `-c search_path=${schema} -c jit=off${next ? ' -c synchronous_commit=off' : ''}`;

const sourceOptions = ({ url, schema, owner }: DatabaseParts) => ({
  type: 'postgres' as const,
  url,
  schema,
  applicationName: `tallystream ${owner}`,
  connectTimeoutMS: CONNECT_TIMEOUT_MS,
  // A connection that broke while idle is no reason to end the process: the next query opens another.
  poolErrorHandler: () => undefined,
});

const open = async (parts: DatabaseParts): Promise<DataSource> => {
  const source = new DataSource({
    ...sourceOptions(parts),
    entities: [...parts.entities],
    poolSize: parts.poolSize ?? 5,
    extra: {
      options: sessionOptions(parts),
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: STATEMENT_TIMEOUT_MS,
      keepAlive: true,
    },
  });
  const setup = new Client(clientOptions(parts));
  setup.on('error', () => undefined);
  await setup.connect();
  try {
    if (await mayMigrate(setup, parts.schema)) {
      // Replicas and apps start at once: one sets the schema up, the others wait and find it done.
      await setup.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [`${parts.schema}:migrations`]);
      await setup.query(`CREATE SCHEMA IF NOT EXISTS "${parts.schema}"`);
      await migrate(parts);
      if (parts.next) await makeOwnersPart(setup, parts.schema, parts.next);
      await grantPrivileges(setup, { ...parts, privileges: privilegesOf(parts) });
    } else {
      await refuseUnmigrated(setup, parts);
    }
    await source.initialize();
    return source;
  } catch (error) {
    if (source.isInitialized) await source.destroy();
    throw error;
  } finally {
    await setup.end();
  }
};

const privilegesOf = ({ privileges = [], next }: DatabaseParts): readonly Privilege[] =>
  next
    ? [...privileges, { app: next.by, may: ['SELECT'], on: [], calls: Object.values(ownersPart) }]
    : privileges;

/** Whether tables are ours to make. An app that runs apart has a role that may only work with them. */
const mayMigrate = async (setup: Client, schema: string): Promise<boolean> => {
  const { rows } = await setup.query<{ may: boolean }>(
    `SELECT coalesce(
       (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = $1),
       has_database_privilege(current_database(), 'CREATE')) AS may`,
    [schema],
  );
  return rows[0]?.may === true;
};

/** @throws Problem `store_unavailable`: who may migrate has not come so far yet */
const refuseUnmigrated = async (
  setup: Client,
  { schema, owner, migrations }: DatabaseParts,
): Promise<void> => {
  const table = `migrations_${owner}`;
  // What is granted is granted together, so whoever may read this may do all that the app does.
  const readable = await setup.query(
    `SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE nspname = $1 AND relname = $2
       AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')`,
    [schema, table],
  );
  const done =
    readable.rows.length > 0 ? (await setup.query<{ name: string }>(`SELECT name FROM "${table}"`)).rows : [];
  const missing = migrations.find((migration) => !done.some(({ name }) => name === migration.name));
  if (missing)
    throw new Problem(
      'store_unavailable',
      `The schema ${schema} lacks ${missing.name}: this role may not migrate it, the provisioner does.`,
      { retryAfterSeconds: 5 },
    );
};

/** On a connection of its own, without limits of time: an index over years takes as long as it takes. */
const migrate = async (parts: DatabaseParts): Promise<void> => {
  const source = new DataSource({
    ...sourceOptions(parts),
    migrations: [...parts.migrations],
    migrationsTableName: `migrations_${parts.owner}`,
    poolSize: 1,
    extra: { options: sessionOptions(parts), keepAlive: true },
  });
  await source.initialize();
  try {
    await source.runMigrations({ transaction: 'each' });
  } finally {
    await source.destroy();
  }
};

/** Connection troubles become a `Problem`; a wrong statement stays what it is. */
export const unavailable = (error: unknown): unknown => {
  if (error instanceof Problem) return error;
  const code = codeOf(error);
  if (code === undefined || !passing(code)) return error;
  return new Problem('store_unavailable', 'Postgres cannot be reached', {
    retryAfterSeconds: 5,
    cause: error,
  });
};

const codeOf = (error: unknown): string | undefined => {
  // Not `instanceof`: errors of the socket are made in another realm where code runs in a context of its own.
  if (!types.isNativeError(error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  // The pool and the client report these without a code (pg 8.23).
  return /timeout|terminated|ended|not queryable|ECONN/i.test(error.message) ? '08000' : undefined;
};

/** Classes 08 (connection), 53 (resources), 57P (shutdown), 58 (system), and errors of the socket. */
const passing = (code: string): boolean => /^(08|53|57P|58|E[A-Z]+)/.test(code);
