import {
  type Instant,
  instantFrom,
  type StreamSeq,
  streamSeq,
  type WebhookOutcome,
  type WebhookStatus,
} from '@tallystream/contracts';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { conditions } from '../conditions';
import { decodeCursor, type Page, pageOf } from '../cursor';
import type { Database } from '../database';

/** One webhook of the inbox and what became of it. */
export type WebhookLogEntry = WebhookOutcome;

export type LoggedOutcome = Readonly<{ outcome: WebhookOutcome; outcomeSeq: number; handledAt?: Instant }>;

/** Writes outcomes; `outcomeSeq` 0 is the arrival itself, over which every outcome wins. */
export const writeWebhookLog = async (
  manager: EntityManager,
  entries: readonly LoggedOutcome[],
): Promise<void> => {
  const newest = [...new Map(entries.map((entry) => [entry.outcome.sequence, entry])).values()];
  if (newest.length === 0) return;
  const column = (value: (entry: LoggedOutcome) => unknown) => newest.map(value);
  await manager.query(UPSERT, [
    column(({ outcome }) => outcome.sequence),
    column(({ outcome }) => outcome.entity),
    column(({ outcome }) => outcome.event),
    column(({ outcome }) => outcome.receivedAt),
    column(({ outcome }) => outcome.status),
    column(({ outcome }) => outcome.document?.type ?? null),
    column(({ outcome }) => outcome.document?.id ?? null),
    column(({ outcome }) => kept(outcome.document?.number)),
    column(({ outcome }) => kept(outcome.effect)),
    column(({ outcome }) => kept(outcome.error)),
    column(({ outcomeSeq }) => outcomeSeq),
    column(({ handledAt }) => handledAt ?? null),
  ]);
};

const MAX_TEXT = 2_000;

/** Text that may quote a sender: in the log it is short, and without NUL, which Postgres cannot keep. */
const kept = (text: string | undefined): string | null =>
  text === undefined ? null : text.slice(0, MAX_TEXT).replaceAll('\0', '\ufffd');

const UPSERT = `
  INSERT INTO webhook_log AS w (
    sequence, entity, event, received_at, status, document_type, document_id, document_number, effect, error,
    outcome_sequence, handled_at)
  SELECT * FROM unnest(
    $1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::bigint[], $12::timestamptz[])
  ON CONFLICT (sequence) DO UPDATE SET
    status = EXCLUDED.status,
    document_type = EXCLUDED.document_type,
    document_id = EXCLUDED.document_id,
    document_number = EXCLUDED.document_number,
    effect = EXCLUDED.effect,
    error = EXCLUDED.error,
    outcome_sequence = EXCLUDED.outcome_sequence,
    handled_at = EXCLUDED.handled_at
  WHERE w.outcome_sequence < EXCLUDED.outcome_sequence`;

export type WebhookLogFilter = Readonly<{
  status?: WebhookStatus;
  entity?: string;
  /** By the time of arrival, from inclusive, to exclusive. */
  from?: Instant;
  to?: Instant;
  limit: number;
  cursor?: string;
}>;

/** Newest first. */
export const listWebhooks = async (
  database: Database,
  filter: WebhookLogFilter,
): Promise<Page<WebhookLogEntry>> => {
  const where = conditions();
  where.addIf('status = ?', filter.status);
  where.addIf('entity = ?', filter.entity);
  where.addIf('received_at >= ?', filter.from);
  where.addIf('received_at < ?', filter.to);
  if (filter.cursor) where.add('sequence < ?', ...decodeCursor(filter.cursor, z.tuple([z.int()])));
  const rows = await database.query<WebhookLogRow>(
    `${SELECT} ${where.where()} ORDER BY sequence DESC LIMIT ${filter.limit + 1}`,
    where.parameters(),
  );
  return pageOf(rows, filter.limit, entryOf, (row) => [Number(row.sequence)]);
};

export const findWebhook = async (
  database: Database,
  sequence: StreamSeq,
): Promise<WebhookLogEntry | undefined> => {
  const rows = await database.query<WebhookLogRow>(`${SELECT} WHERE sequence = $1`, [sequence]);
  return rows[0] && entryOf(rows[0]);
};

export type WebhookStatistics = Readonly<{
  entities: readonly Readonly<{ entity: string; byStatus: Readonly<Record<string, number>> }>[];
  /** From arrival to outcome; nothing when none was handled. */
  meanDelaySeconds?: number;
}>;

/** What became of the webhooks that arrived since a moment. */
export const webhookStatistics = async (database: Database, since: Instant): Promise<WebhookStatistics> => {
  const rows = await database.query<StatisticsRow>(
    `SELECT entity, status, count(*) AS count, count(handled_at) AS handled,
       coalesce(sum(extract(epoch FROM handled_at - received_at)), 0) AS delay
     FROM webhook_log WHERE received_at >= $1 GROUP BY entity, status ORDER BY entity, status`,
    [since],
  );
  const byEntity = new Map<string, Record<string, number>>();
  for (const { entity, status, count } of rows)
    byEntity.set(entity, { ...byEntity.get(entity), [status]: Number(count) });
  const handled = rows.reduce((sum, row) => sum + Number(row.handled), 0);
  const delay = rows.reduce((sum, row) => sum + Number(row.delay), 0);
  return {
    entities: [...byEntity].map(([entity, byStatus]) => ({ entity, byStatus })),
    ...(handled > 0 ? { meanDelaySeconds: delay / handled } : {}),
  };
};

type StatisticsRow = Readonly<{
  entity: string;
  status: WebhookStatus;
  count: string;
  handled: string;
  delay: string;
}>;

const SELECT = `
  SELECT sequence, entity, event, received_at AS "receivedAt", status, document_type AS "documentType",
    document_id AS "documentId", document_number AS "documentNumber", effect, error
  FROM webhook_log`;

type WebhookLogRow = Readonly<{
  sequence: string;
  entity: string;
  event: string;
  receivedAt: Date;
  status: WebhookStatus;
  documentType: string | null;
  documentId: string | null;
  documentNumber: string | null;
  effect: string | null;
  error: string | null;
}>;

const entryOf = (row: WebhookLogRow): WebhookLogEntry => ({
  sequence: streamSeq(Number(row.sequence)),
  entity: row.entity,
  event: row.event,
  receivedAt: instantFrom(row.receivedAt.getTime()),
  status: row.status,
  ...(row.documentType && row.documentId
    ? {
        document: {
          type: row.documentType,
          id: row.documentId,
          ...(row.documentNumber ? { number: row.documentNumber } : {}),
        },
      }
    : {}),
  ...(row.effect ? { effect: row.effect } : {}),
  ...(row.error ? { error: row.error } : {}),
});
