import { z } from 'zod';
import { decodeCursor, type Page, pageOf } from '../cursor';
import type { Database } from '../database';
import { blockOf, findBlocks, WITHIN_BLOCK } from './audit-blocks';
import { type AuditEntry, ENTRY_COLUMNS, type EntryRow, entryOf } from './audit-entry';
import { type AuditFilter, conditionsOf, hasIndex } from './audit-filter';

export type AuditPage = Readonly<{ limit: number; cursor?: string }>;

/** Events in the order of the stream. */
export const listAuditEvents = async (
  database: Database,
  { limit, cursor, ...filter }: AuditFilter & AuditPage,
): Promise<Page<AuditEntry>> => {
  const rows = await search(database, filter, { after: afterOf(cursor), limit: limit + 1 });
  return pageOf(rows, limit, entryOf, (row) => [Number(row.sequence)]);
};

const EXPORT_PAGE = 200;

/**
 * Everything that fits, in pages that are read as they are taken; at least one, which may be empty. Each is a
 * statement of its own: whoever reads slowly holds nothing open.
 * @param cursor as of `listAuditEvents`, or the sequence of the last event that somebody has, in digits
 */
export async function* auditPages(
  database: Database,
  filter: AuditFilter,
  cursor?: string,
): AsyncGenerator<readonly AuditEntry[], undefined> {
  let after = cursor !== undefined && /^\d{1,15}$/.test(cursor) ? Number(cursor) : afterOf(cursor);
  for (;;) {
    const rows = await search(database, filter, { after, limit: EXPORT_PAGE });
    yield rows.map(entryOf);
    const last = rows.at(-1);
    if (!last || rows.length < EXPORT_PAGE) return undefined;
    after = Number(last.sequence);
  }
}

/** @throws Problem `invalid_request` for a cursor that we did not make */
const afterOf = (cursor: string | undefined): number | undefined =>
  cursor === undefined ? undefined : decodeCursor(cursor, z.tuple([z.int().nonnegative()]))[0];

const search = (database: Database, filter: AuditFilter, reach: Reach): Promise<readonly EntryRow[]> =>
  hasIndex(filter) ? rowsOf(database, filter, reach) : rowsThroughBlocks(database, filter, reach);

/** So many rows after a sequence, in the order of the filter. */
type Reach = Readonly<{ after: number | undefined; limit: number }>;

/** How many blocks are looked into at a time: at first, and at most. */
const BLOCKS = { first: 2, most: 128 };

/** Looks only into the blocks that hold what fits the filter; nearly always into the first ones alone. */
const rowsThroughBlocks = async (
  database: Database,
  filter: AuditFilter,
  { after, limit }: Reach,
): Promise<readonly EntryRow[]> => {
  const found: EntryRow[] = [];
  let next = after === undefined ? undefined : blockOf(after);
  for (let width = BLOCKS.first; ; width = Math.min(width * 2, BLOCKS.most)) {
    const blocks = await findBlocks(database, filter, next, width);
    const last = blocks.at(-1);
    if (last === undefined) return found;
    found.push(...(await rowsOf(database, filter, { after, limit: limit - found.length }, blocks)));
    if (found.length === limit || blocks.length < width) return found;
    next = filter.order === 'asc' ? last + 1 : last - 1;
  }
};

/** First the places, from an index alone; then the rows that lie there, which are large. */
const rowsOf = (
  database: Database,
  filter: AuditFilter,
  { after, limit }: Reach,
  blocks?: readonly number[],
): Promise<readonly EntryRow[]> => {
  const where = conditionsOf(filter);
  where.addIf(filter.order === 'asc' ? 'sequence > ?' : 'sequence < ?', after);
  if (blocks) where.add(`sequence ${WITHIN_BLOCK}`);
  const inOrder = `ORDER BY sequence ${filter.order === 'asc' ? 'ASC' : 'DESC'}`;
  const places = `
    SELECT sequence, recorded_at FROM audit_events ${where.where()} ${inOrder} LIMIT ${limit}`;
  const placesInBlocks = () => `
    SELECT f.* FROM unnest(${where.bind(blocks)}::bigint[]) AS b(block) CROSS JOIN LATERAL (${places}) f
    ${inOrder} LIMIT ${limit}`;
  return database.query<EntryRow>(
    `SELECT ${ENTRY_COLUMNS} FROM (${blocks ? placesInBlocks() : places}) p
     JOIN audit_events e USING (sequence, recorded_at) ${inOrder}`,
    where.parameters(),
  );
};
