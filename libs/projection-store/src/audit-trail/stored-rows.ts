import type { Database } from '../database';
import { BLOCK } from './audit-blocks';
import { type AuditRow, auditColumns, columnNames } from './audit-row';

/** A row of the trail as it lies there, every column as text, so that nothing is rounded on the way. */
export type StoredRow = Readonly<{
  sequence: number;
  columns: Readonly<Record<keyof AuditRow, string | null>>;
  hash: Buffer;
  /** Whether `audit_blocks` knows of it. */
  isFindable: boolean;
}>;

export type RowRange = Readonly<{ from: number; to: number; signal: AbortSignal }>;

const PAGE = 1_000;

/**
 * Rows in the order of their sequences, read page by page as they are taken; from 1 means also those before, which
 * cannot be events.
 * @throws the reason of `signal`
 */
export async function* storedRows(
  database: Database,
  { from, to, signal }: RowRange,
): AsyncGenerator<StoredRow, undefined> {
  let after: readonly [sequence: string, recordedAt: string] = [
    from > 1 ? String(from) : '-9223372036854775808',
    '-infinity',
  ];
  for (;;) {
    signal.throwIfAborted();
    const page = await database.query<PageRow>(SELECT, [...after, to]);
    for (const { hash, isFindable, ...columns } of page)
      yield { sequence: Number(columns.sequence), columns, hash, isFindable };
    const last = page.at(-1);
    if (!last || page.length < PAGE) return undefined;
    after = [String(last.sequence), String(last.recorded_at)];
  }
}

type PageRow = StoredRow['columns'] & Readonly<{ hash: Buffer; isFindable: boolean }>;

const asText = (name: keyof AuditRow): string =>
  auditColumns[name] === 'timestamptz'
    ? `to_char(e.${name} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS ${name}`
    : `e.${name}::text AS ${name}`;

const SELECT = `
  SELECT ${columnNames.map(asText).join(', ')}, e.hash,
    EXISTS (
      SELECT 1 FROM audit_blocks b
      WHERE b.block = e.sequence / ${BLOCK} AND b.day = (e.occurred_at AT TIME ZONE 'UTC')::date
        AND b.warehouse_id = coalesce(e.warehouse_id, '') AND b.reason = coalesce(e.reason, '')
        AND b.cause_kind = e.cause_kind AND b.actor = e.actor) AS "isFindable"
  FROM audit_events e
  WHERE (e.sequence, e.recorded_at) > ($1::bigint, $2::timestamptz) AND e.sequence <= $3
  ORDER BY e.sequence, e.recorded_at LIMIT ${PAGE}`;
