/** A connection to a migrated schema of the audit trail. */
type Query = (sql: string, parameters?: unknown[]) => Promise<unknown>;

export const FIRST_MONTH = '2026-01-01';

/**
 * Fills an empty audit trail with as many rows as asked for, evenly over so many months, the same ones every
 * time: 2,200 items of which some move far more than others, four warehouses, events that are late, rare
 * reasons, an actor who came once. Rows are as the trail has them, but chained to nothing: they show how it is
 * searched, not that it is true.
 */
export const fillAuditTrail = async (query: Query, { rows, months }: { rows: number; months: number }) => {
  await query(
    `SELECT make_audit_partition('audit_events', (date '${FIRST_MONTH}' + n * interval '1 month')::date)
     FROM generate_series(0, $1 + 2) AS n`,
    [months],
  );
  const stretch = 250_000;
  for (let from = 1; from <= rows; from += stretch)
    await query(ROWS, [from, Math.min(from + stretch - 1, rows), months / rows]);
  await query(BLOCKS);
};

/** Analyzes and sweeps, as autovacuum does in time, the partitions that hold something. */
export const settleAuditTrail = async (query: Query, months: number) => {
  for (let month = 0; month < months; month += 1) {
    const date = new Date(Date.UTC(2026, month, 1)).toISOString();
    await query(`VACUUM ANALYZE audit_events_${date.slice(0, 7).replace('-', '_')}`);
  }
  await query('VACUUM ANALYZE audit_blocks');
};

/** Numbers between 0 and 1 that look drawn by lot and are not: multiples of a large odd number. */
const lot = (factor: number) => `((n * ${factor}) % 4294967296) / 4294967296::float8`;

const MOVES = 'n % 4 <> 0';
const ROWS = `
  INSERT INTO audit_events (
    sequence, id, type, ce_type, subject, item_id, warehouse_id, revision, reason, document_type, document_id,
    cause_kind, cause_id, actor, occurred_at, recorded_at, data, hash)
  SELECT n, 'event-' || n, type, 'com.tallystream.stock.changed.v1', 'stock.' || n, item, warehouse,
    CASE WHEN ${MOVES} THEN n END, reason, 'invoice', 'd' || n / 4, cause,
    CASE WHEN cause = 'webhook' THEN (n / 4)::text ELSE 'run-' || n / 20000 END, actor, occurred, recorded,
    json_build_object(
      'itemId', item, 'warehouseId', warehouse, 'sku', 'SKU-' || n % 2200, 'revision', n,
      'delta', json_build_object('onHand', -3),
      'after', json_build_object('onHand', n % 500, 'committed', 4, 'physicalOnHand', 121,
        'physicalCommitted', 3, 'inTransit', 0, 'reserved', 0),
      'provisional', false, 'baselineAsOf', '2026-01-07T10:30:00Z', 'reason', reason,
      'document', json_build_object('type', 'invoice', 'id', 'd' || n / 4, 'number', 'INV-' || n / 4,
        'version', to_char(occurred AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')),
      'cause', json_build_object('kind', cause, 'id', (n / 4)::text, 'actor', actor),
      'occurredAt', to_char(occurred AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))::text,
    sha256(n::text::bytea)
  FROM (
    SELECT n, recorded,
      CASE WHEN ${MOVES} THEN 'StockChanged' ELSE 'DocumentApplied' END AS type,
      CASE WHEN ${MOVES} THEN (2646610000000000000 + floor(2200 * power(a, 4))::bigint)::text END AS item,
      CASE WHEN ${MOVES} THEN CASE
        WHEN b < 0.7 THEN 'w1' WHEN b < 0.9 THEN 'w2' WHEN b < 0.98 THEN 'w3' ELSE 'w4' END END AS warehouse,
      CASE WHEN ${MOVES} THEN CASE
        WHEN c < 0.6 THEN 'sale' WHEN c < 0.85 THEN 'purchase' WHEN c < 0.95 THEN 'observation'
        WHEN c < 0.99 THEN 'transfer' WHEN c < 0.995 THEN 'adjustment' ELSE 'reconciliation' END END AS reason,
      CASE WHEN c < 0.85 THEN 'webhook' WHEN c < 0.95 THEN 'observation' WHEN c < 0.99 THEN 'sync'
        ELSE 'drift' END AS cause,
      CASE WHEN n BETWEEN 2000 AND 2200 THEN 'alice' WHEN c < 0.85 THEN 'zoho' ELSE 'reconciler' END AS actor,
      CASE WHEN n % 10007 = 7 THEN timestamptz '9999-01-01Z'
        WHEN n % 100 = 13 THEN recorded - interval '30 days' * b
        ELSE recorded - interval '3 seconds' END AS occurred
    FROM (
      SELECT n, ${lot(2654435761)} AS a, ${lot(3266489917)} AS b, ${lot(668265263)} AS c,
        timestamptz '${FIRST_MONTH}Z' + n * $3::float8 * interval '30 days' AS recorded
      FROM generate_series($1::bigint, $2::bigint) AS n) drawn) told`;

const BLOCKS = `
  INSERT INTO audit_blocks
  SELECT DISTINCT sequence / 1024, (occurred_at AT TIME ZONE 'UTC')::date,
    coalesce(warehouse_id, ''), coalesce(reason, ''), cause_kind, actor
  FROM audit_events`;
