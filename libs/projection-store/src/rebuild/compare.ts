import type { Client } from 'pg';
import type { Schemas } from './schemas';

/** A table of the live projection beside the one that was made again. */
export type Difference = Readonly<{
  table: string;
  /** Rows that the live table lacks, has too many, and has otherwise. */
  missing: number;
  unexpected: number;
  different: number;
  /** The keys of some of them. */
  examples: readonly Key[];
}>;

/** With the keys of all of them. */
export type Suspects = Difference & Readonly<{ keys: readonly Key[] }>;

type Key = Readonly<Record<string, unknown>>;

const EXAMPLES = 10;
/** More than this is not a row here and there. */
const MAX_KEYS = 100_000;

export const isSame = ({ missing, unexpected, different }: Difference): boolean =>
  missing + unexpected + different === 0;

/**
 * Row by row, column by column.
 * @param among compares these rows only; absent, or where there were too many: all
 */
export const compareTables = async (
  client: Client,
  schemas: Schemas,
  tables: readonly string[],
  among: readonly Suspects[] = [],
): Promise<readonly Suspects[]> => {
  const differences: Suspects[] = [];
  for (const table of tables) {
    const found = among.find((one) => one.table === table);
    differences.push(
      found && isSame(found)
        ? { ...found }
        : await compareTable(
            client,
            schemas,
            table,
            found && found.keys.length < MAX_KEYS ? found.keys : undefined,
          ),
    );
  }
  return differences;
};

type Row = Readonly<{ what: 'missing' | 'unexpected' | 'different'; key: Key }>;

const compareTable = async (
  client: Client,
  { live, next }: Schemas,
  table: string,
  among?: readonly Key[],
): Promise<Suspects> => {
  const { key, columns } = await columnsOf(client, live, table);
  const quoted = (names: readonly string[], of: string) => names.map((name) => `${of}."${name}"`).join(', ');
  const [first = ''] = key;
  const only = among
    ? `WHERE (${quoted(key, 't')}) IN (SELECT ${quoted(key, 'k')} FROM jsonb_populate_recordset(NULL::"${live}"."${table}", $1) AS k)`
    : '';
  const { rows } = await client.query<Row>(
    `SELECT CASE WHEN l."${first}" IS NULL THEN 'missing' WHEN n."${first}" IS NULL THEN 'unexpected' ELSE 'different' END AS what,
            jsonb_build_object(${key.map((name) => `'${name}', coalesce(l."${name}", n."${name}")`).join(', ')}) AS key
     FROM (SELECT * FROM "${live}"."${table}" t ${only}) AS l
     FULL JOIN (SELECT * FROM "${next}"."${table}" t ${only}) AS n
       ON ${key.map((name) => `l."${name}" = n."${name}"`).join(' AND ')}
     WHERE (${quoted(columns, 'l')}) IS DISTINCT FROM (${quoted(columns, 'n')})
     LIMIT ${MAX_KEYS}`,
    among ? [JSON.stringify(among)] : [],
  );
  const count = (what: Row['what']) => rows.filter((row) => row.what === what).length;
  const keys = rows.map((row) => row.key);
  return {
    table,
    missing: count('missing'),
    unexpected: count('unexpected'),
    different: count('different'),
    examples: keys.slice(0, EXAMPLES),
    keys,
  };
};

/** The names come from the catalogue of Postgres, never from outside. */
const columnsOf = async (client: Client, schema: string, table: string) => {
  const { rows } = await client.query<{ name: string; isKey: boolean }>(
    // An index may hold further columns behind those of the key.
    `SELECT a.attname AS name, coalesce(a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]), false) AS "isKey"
     FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
     WHERE a.attrelid = format('%I.%I', $1::text, $2::text)::regclass AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY a.attnum`,
    [schema, table],
  );
  return {
    columns: rows.map(({ name }) => name),
    key: rows.filter(({ isKey }) => isKey).map(({ name }) => name),
  };
};
