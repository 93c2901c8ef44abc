import type { Instant } from '@tallystream/contracts';
import type { EntityManager } from 'typeorm';
import type { Database } from '../database';

/** Months that are there before anything happens in them. */
const MONTHS_AHEAD = 3;

/** Sees to it that the months of these moments have a partition each. */
export const makePartitions = async (manager: EntityManager, moments: readonly Instant[]): Promise<void> => {
  const months = [...new Set(moments.map((moment) => `${moment.slice(0, 7)}-01`))];
  await manager.query(`SELECT make_audit_partition('audit_events', month) FROM unnest($1::date[]) AS month`, [
    months,
  ]);
};

/** Makes the partitions of this month and the next ones, so that nobody waits for one when a month begins. */
export const makePartitionsAhead = async (database: Database, now: Instant): Promise<void> => {
  await database.query(
    `SELECT make_audit_partition('audit_events', ($1::date + n * interval '1 month')::date)
     FROM generate_series(0, ${MONTHS_AHEAD}) AS n`,
    [`${now.slice(0, 7)}-01`],
  );
};
