import type { EntityManager } from 'typeorm';
import { conditions } from '../conditions';
import type { Database } from '../database';
import type { AuditFilter } from './audit-filter';
import type { AuditRow } from './audit-row';

/**
 * The trail in blocks of 1,024 sequences, and what can be found in each: every combination of day, warehouse,
 * reason, kind of cause and actor that it holds. What is rare, or long ago, is found without walking over what
 * lies between (docs/adr/0014).
 */
export const BLOCK = 1_024;

export const blockOf = (seq: number): number => Math.floor(seq / BLOCK);

/** Of the sequences of a block `b`. */
export const WITHIN_BLOCK = `BETWEEN b.block * ${BLOCK} AND b.block * ${BLOCK} + ${BLOCK - 1}`;

/** Notes what can be found where. */
export const noteBlocks = async (manager: EntityManager, rows: readonly AuditRow[]): Promise<void> => {
  const distinct = new Map(rows.map((row) => [JSON.stringify(findableBy(row)), findableBy(row)]));
  const values = [...distinct.values()];
  const column = (index: number) => values.map((value) => value[index]);
  await manager.query(
    `INSERT INTO audit_blocks (block, day, warehouse_id, reason, cause_kind, actor)
     SELECT * FROM unnest($1::bigint[], $2::date[], $3::text[], $4::text[], $5::text[], $6::text[])
     ON CONFLICT DO NOTHING`,
    [0, 1, 2, 3, 4, 5].map(column),
  );
};

const findableBy = (row: AuditRow): readonly (string | number)[] => [
  blockOf(row.sequence),
  row.occurred_at.slice(0, 10),
  row.warehouse_id ?? '',
  row.reason ?? '',
  row.cause_kind,
  row.actor,
];

/**
 * The next blocks, in the order of the filter and from one of them on, in which something fits it; of a filter
 * by parts of a day: may fit it.
 */
export const findBlocks = async (
  database: Database,
  filter: AuditFilter,
  first: number | undefined,
  limit: number,
): Promise<readonly number[]> => {
  const isUp = filter.order === 'asc';
  const where = conditions();
  where.addIf('warehouse_id = ?', filter.warehouse);
  where.addIf('reason = ?', filter.reason);
  where.addIf('cause_kind = ?', filter.cause?.kind);
  where.addIf('actor = ?', filter.actor);
  where.addIf('day >= ?::date', filter.from?.slice(0, 10));
  where.addIf('day <= ?::date', filter.to?.slice(0, 10));
  where.addIf(isUp ? 'block >= ?' : 'block <= ?', first);
  const rows = await database.query<{ block: string }>(
    `SELECT DISTINCT block FROM audit_blocks ${where.where()}
     ORDER BY block ${isUp ? 'ASC' : 'DESC'} LIMIT ${limit}`,
    where.parameters(),
  );
  return rows.map(({ block }) => Number(block));
};
