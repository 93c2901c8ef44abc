import { createHash, type Hash } from 'node:crypto';
import { millisOf, type StockEvent, type StreamSeq } from '@tallystream/contracts';
import type { Database } from '../database';

/** What the trail must hold of an event: its envelope, its bytes, and when the stream stored it. */
export type TrailEvent = Readonly<{
  seq: number;
  subject: string;
  id: string;
  ceType: string;
  event: StockEvent;
  data: Uint8Array;
  storedAt: Parameters<typeof millisOf>[0];
}>;

/** A row of the trail: its sequence, and a digest of all of it. */
export type TrailRow = Readonly<{ seq: number; digest: string }>;

/** Adds what the row of an event must be, byte for byte, to a hash; `LINE` is the same in SQL. */
export const addTrailLine = (
  hash: Hash,
  { seq, subject, id, ceType, event, data, storedAt }: TrailEvent,
): void => {
  const { type, data: content } = event;
  const level = type === 'StockChanged' ? content : undefined;
  const document = type === 'StockChanged' || type === 'DocumentApplied' ? content.document : undefined;
  const fields = [
    seq,
    id,
    type,
    ceType,
    subject,
    level?.itemId ?? '',
    level?.warehouseId ?? '',
    level?.revision ?? '',
    level?.reason ?? '',
    document?.type ?? '',
    document?.id ?? '',
    content.cause.kind,
    content.cause.id,
    content.cause.actor,
    millisOf(content.occurredAt),
    millisOf(storedAt),
  ];
  hash
    .update(`${fields.join('\n')}\n`)
    .update(data)
    .update('\n');
};

export const trailDigest = (event: TrailEvent): string => {
  const hash = createHash('sha256');
  addTrailLine(hash, event);
  return hash.digest('hex');
};

const millis = (column: string) => `(extract(epoch FROM ${column}) * 1000)::bigint`;
const LINE = `concat_ws(E'\\n', sequence, id, type, ce_type, subject, coalesce(item_id, ''),
  coalesce(warehouse_id, ''), coalesce(revision::text, ''), coalesce(reason, ''), coalesce(document_type, ''),
  coalesce(document_id, ''), cause_kind, cause_id, actor, ${millis('occurred_at')}, ${millis('recorded_at')}, data, '')`;
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
