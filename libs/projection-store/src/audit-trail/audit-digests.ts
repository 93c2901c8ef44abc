import { createHash, type Hash } from 'node:crypto';
import { millisOf, type StreamSeq } from '@tallystream/contracts';
import type { Database } from '../database';
import { auditColumns, auditRow, columnNames, type RecordedEvent } from './audit-row';

/** A row of the trail: its sequence, and a digest of all of it. */
export type TrailRow = Readonly<{ seq: number; digest: string }>;

/** Adds what the row of an event must be to a hash, all columns but its link of the chain; `LINE` is the same in SQL. */
export const addTrailLine = (hash: Hash, event: RecordedEvent): void => {
  const row = {
    ...auditRow(event),
    occurred_at: millisOf(event.event.data.occurredAt),
    recorded_at: millisOf(event.storedAt),
  };
  hash.update(`${columnNames.map((name) => row[name] ?? '').join('\n')}\n`);
};

export const trailDigest = (event: RecordedEvent): string => {
  const hash = createHash('sha256');
  addTrailLine(hash, event);
  return hash.digest('hex');
};

const asText = (name: (typeof columnNames)[number]): string =>
  auditColumns[name] === 'timestamptz'
    ? `(extract(epoch FROM ${name}) * 1000)::bigint::text`
    : `coalesce(${name}::text, '')`;
const LINE = `concat_ws(E'\\n', ${columnNames.map(asText).join(', ')}, '')`;
const sha256 = (text: string) => `encode(sha256(convert_to(${text}, 'UTF8')), 'hex')`;

/**
 * One digest over all rows of a stretch of the trail, in order, made where they lie: nothing is sent but that.
 * @throws Problem `store_unavailable`
 */
export const stretchDigest = async (
  database: Database,
  { first, last }: Readonly<{ first: number; last: number }>,
): Promise<string> => {
  const [row] = await database.query<{ digest: string }>(
    `SELECT ${sha256("coalesce(string_agg(line, ''), '')")} AS digest FROM (
       SELECT ${LINE} AS line FROM audit_events WHERE sequence BETWEEN $1 AND $2 ORDER BY sequence
     ) AS stretch`,
    [first, last],
  );
  return row?.digest ?? '';
};

/** The rows of a stretch, each by its digest, in order. @throws Problem `store_unavailable` */
export const trailRows = async (
  database: Database,
  { first, last }: Readonly<{ first: number; last: number }>,
): Promise<readonly TrailRow[]> => {
  const rows = await database.query<{ sequence: string; digest: string }>(
    `SELECT sequence, ${sha256(LINE)} AS digest FROM audit_events
     WHERE sequence BETWEEN $1 AND $2 ORDER BY sequence`,
    [first, last],
  );
  return rows.map(({ sequence, digest }) => ({ seq: Number(sequence), digest }));
};

/** The sequences of rows behind a position, the first ones of them: none may be behind the end of the stream. */
export const trailBehind = async (
  database: Database,
  position: StreamSeq,
  limit: number,
): Promise<readonly number[]> => {
  const rows = await database.query<{ sequence: string }>(
    `SELECT sequence FROM audit_events WHERE sequence > $1 ORDER BY sequence LIMIT ${limit}`,
    [position],
  );
  return rows.map(({ sequence }) => Number(sequence));
};
