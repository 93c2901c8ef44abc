import type { DriftDetected, DriftId, DriftResolved, StockEvent, StreamSeq } from '@tallystream/contracts';
import type { EntityManager } from 'typeorm';

export type DriftEvent = Extract<StockEvent, { type: 'DriftDetected' | 'DriftResolved' }>;
export type RecordedDriftEvent = Readonly<{ event: DriftEvent; seq: StreamSeq }>;

/** Writes how the drifts of a batch began and ended; what is newer in a row already stays, in any order. */
export const writeDrifts = async (
  manager: EntityManager,
  events: readonly RecordedDriftEvent[],
): Promise<void> => {
  const detected = new Map<DriftId, Recorded<DriftDetected>>();
  const resolved = new Map<DriftId, Recorded<DriftResolved>>();
  for (const { event, seq } of [...events].sort((a, b) => a.seq - b.seq)) {
    if (event.type === 'DriftDetected') detected.set(event.data.driftId, { data: event.data, seq });
    else resolved.set(event.data.driftId, { data: event.data, seq });
  }
  if (detected.size > 0) await writeDetected(manager, [...detected.values()]);
  if (resolved.size > 0) await writeResolved(manager, [...resolved.values()]);
};

type Recorded<Data> = Readonly<{ data: Data; seq: StreamSeq }>;

const writeDetected = async (
  manager: EntityManager,
  events: readonly Recorded<DriftDetected>[],
): Promise<void> => {
  const column = (value: (event: Recorded<DriftDetected>) => unknown) => events.map(value);
  await manager.query(UPSERT_DETECTED, [
    column(({ data }) => data.driftId),
    column(({ data }) => data.itemId),
    column(({ data }) => data.warehouseId),
    column(({ data }) => data.sku ?? null),
    column(({ data }) => data.side),
    column(({ data }) => data.verdict),
    column(({ data }) => JSON.stringify(data.difference)),
    column(({ data }) => JSON.stringify(data)),
    column(({ data }) => data.occurredAt),
    column(({ seq }) => seq),
  ]);
};

const UPSERT_DETECTED = `
  INSERT INTO drifts AS d (
    drift_id, item_id, warehouse_id, sku, side, verdict, difference, evidence, detected_at, detected_sequence)
  SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::jsonb[],
    $9::timestamptz[], $10::bigint[])
  ON CONFLICT (drift_id) DO UPDATE SET
    sku = EXCLUDED.sku,
    verdict = EXCLUDED.verdict,
    difference = EXCLUDED.difference,
    evidence = EXCLUDED.evidence,
    detected_at = EXCLUDED.detected_at,
    detected_sequence = EXCLUDED.detected_sequence
  WHERE coalesce(d.detected_sequence, 0) < EXCLUDED.detected_sequence`;

const writeResolved = async (
  manager: EntityManager,
  events: readonly Recorded<DriftResolved>[],
): Promise<void> => {
  const column = (value: (event: Recorded<DriftResolved>) => unknown) => events.map(value);
  await manager.query(UPSERT_RESOLVED, [
    column(({ data }) => data.driftId),
    column(({ data }) => data.itemId),
    column(({ data }) => data.warehouseId),
    column(({ data }) => data.side),
    column(({ data }) => data.resolution),
    column(({ data }) => data.note ?? null),
    column(({ data }) => data.cause.actor),
    column(({ data }) => data.asOf ?? null),
    column(({ data }) => data.occurredAt),
    column(({ seq }) => seq),
  ]);
};

const UPSERT_RESOLVED = `
  INSERT INTO drifts AS d (
    drift_id, item_id, warehouse_id, side, resolution, note, actor, as_of, resolved_at, resolved_sequence)
  SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::timestamptz[], $9::timestamptz[], $10::bigint[])
  ON CONFLICT (drift_id) DO UPDATE SET
    resolution = EXCLUDED.resolution,
    note = EXCLUDED.note,
    actor = EXCLUDED.actor,
    as_of = EXCLUDED.as_of,
    resolved_at = EXCLUDED.resolved_at,
    resolved_sequence = EXCLUDED.resolved_sequence
  WHERE coalesce(d.resolved_sequence, 0) < EXCLUDED.resolved_sequence`;
