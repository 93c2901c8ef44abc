import { type Client, escapeIdentifier, escapeLiteral } from 'pg';
import type { AppWithRole } from '../privileges';

/** Tables that are made in a schema of their own, to take the place of others. */
export type NextVersion = Readonly<{
  /** The schema of the tables whose place they take. */
  of: string;
  /** The app that makes the projection again. */
  by: AppWithRole;
  tables: readonly string[];
  /** Functions without arguments that triggers of the tables call. */
  functions: readonly string[];
}>;

/** What only the owner of tables may do, and does for the app whose projection they are (docs/adr/0019). */
export const ownersPart = {
  /** Gives the planner of queries an idea of the new tables before anybody asks them. */
  analyse: 'analyse_next_version',
  /** Puts the new tables in the place of the others, which are gone then, and so is the schema of the new ones. */
  takePlace: 'take_place',
  /** Drops the new tables and their schema. */
  drop: 'drop_next_version',
} as const;

/** Made in the schema of the next version, by its owner, as often as it likes; they go with it. */
export const makeOwnersPart = async (
  client: Client,
  next: string,
  { of: live, tables, functions }: NextVersion,
): Promise<void> => {
  const names = (list: readonly string[]) => `ARRAY[${list.map(escapeLiteral).join(', ')}]::text[]`;
  const define = (name: string, declare: string, body: string) => `
    CREATE OR REPLACE FUNCTION ${escapeIdentifier(next)}.${name}() RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      live constant text := ${escapeLiteral(live)};
      next constant text := ${escapeLiteral(next)};
      tables constant text[] := ${names(tables)};
      functions constant text[] := ${names(functions)};
      name text;
      ${declare}
    BEGIN ${body} END $$;
    REVOKE ALL ON FUNCTION ${escapeIdentifier(next)}.${name}() FROM PUBLIC`;
  await client.query(
    [
      define(ownersPart.analyse, '', ANALYSE),
      define(ownersPart.takePlace, 'privilege record; part record;', TAKE_PLACE),
      define(ownersPart.drop, '', `EXECUTE format('DROP SCHEMA %I CASCADE', next);`),
    ].join(';\n'),
  );
};

const ANALYSE = `
  FOREACH name IN ARRAY tables LOOP
    EXECUTE format('ANALYZE %I.%I', next, name);
  END LOOP;`;

/** Who might do something with a table may do the same with the one that takes its place. */
const TAKE_PLACE = `
  FOREACH name IN ARRAY tables LOOP
    EXECUTE format('LOCK TABLE %I.%I IN ACCESS EXCLUSIVE MODE', live, name);
    FOR privilege IN
      SELECT a.privilege_type AS may, r.rolname AS who
      FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
      WHERE c.oid = format('%I.%I', live, name)::regclass AND a.grantee <> c.relowner
    LOOP
      EXECUTE format('GRANT %s ON %I.%I TO %I', privilege.may, next, name, privilege.who);
    END LOOP;
    EXECUTE format('DROP TABLE %I.%I', live, name);
  END LOOP;
  FOREACH name IN ARRAY functions LOOP
    EXECUTE format('DROP FUNCTION %I.%I()', live, name);
    EXECUTE format('ALTER FUNCTION %I.%I() SET SCHEMA %I', next, name, live);
  END LOOP;
  FOREACH name IN ARRAY tables LOOP
    FOR part IN
      SELECT c.oid::regclass AS partition FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = format('%I.%I', next, name)::regclass ORDER BY c.relname
    LOOP
      EXECUTE format('ALTER TABLE %s SET SCHEMA %I', part.partition, live);
    END LOOP;
    EXECUTE format('ALTER TABLE %I.%I SET SCHEMA %I', next, name, live);
  END LOOP;
  EXECUTE format('DROP SCHEMA %I CASCADE', next);`;
