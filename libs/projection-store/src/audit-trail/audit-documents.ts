import {
  type AppliedLine,
  type AppliedOutcome,
  type Cause,
  type DocumentRef,
  decodeEvent,
  type Instant,
  instantFrom,
  type StreamSeq,
  streamSeq,
} from '@tallystream/contracts';
import { z } from 'zod';
import { decodeCursor, type Page, pageOf } from '../cursor';
import type { Database } from '../database';
import { type AuditEntry, ENTRY_COLUMNS, type EntryRow, entryOf } from './audit-entry';

export type NamedLine = AppliedLine & Readonly<{ itemName?: string; warehouseName?: string }>;

/** A version of a document that was taken into account, and what that did. */
export type AppliedVersion = Readonly<{
  seq: StreamSeq;
  document: DocumentRef;
  status: string;
  deleted: boolean;
  outcome: AppliedOutcome;
  /** Every level that this version or an earlier one touches, also those that it did not move. */
  lines: readonly NamedLine[];
  /** The events of the levels that it moved. */
  movements: readonly AuditEntry[];
  cause: Cause;
  occurredAt: Instant;
  recordedAt: Instant;
}>;

export type DocumentQuery = Readonly<{ type: string; id: string; limit: number; cursor?: string }>;

/** The versions of a document, in the order in which they were applied. */
export const listDocumentVersions = async (
  database: Database,
  { type, id, limit, cursor }: DocumentQuery,
): Promise<Page<AppliedVersion>> => {
  const after = cursor === undefined ? 0 : decodeCursor(cursor, z.tuple([z.int().nonnegative()]))[0];
  const rows = await database.query<VersionRow>(
    `SELECT ${ENTRY_COLUMNS}, e.ce_type AS "ceType" FROM audit_events e
     WHERE document_type = $1 AND document_id = $2 AND type = 'DocumentApplied' AND sequence > $3
     ORDER BY sequence LIMIT ${limit + 1}`,
    [type, id, after],
  );
  const { items, nextCursor } = pageOf(rows, limit, appliedOf, (row) => [Number(row.sequence)]);
  const movements = await movementsOf(database, { type, id }, items);
  const named = await namesFor(
    database,
    items.flatMap(({ lines }) => lines),
  );
  return {
    items: items.map((version) => ({
      ...version,
      lines: version.lines.map(named),
      movements: movements.filter((movement) => commitOf(movement) === commitOf(version)),
    })),
    nextCursor,
  };
};

type VersionRow = EntryRow & Readonly<{ ceType: string }>;
type Applied = Omit<AppliedVersion, 'movements'>;

const appliedOf = (row: VersionRow): Applied => {
  const event = decodeEvent(row.ceType, Buffer.from(row.data));
  if (event.type !== 'DocumentApplied') throw new Error(`event ${row.sequence} applies no document`);
  const { effectHash: _ours, ...applied } = event.data;
  return {
    seq: streamSeq(Number(row.sequence)),
    ...applied,
    recordedAt: instantFrom(row.recordedAt.getTime()),
  };
};

/** A version and what it moved are one commit: its movements lie right behind it, with its cause. */
const COMMIT_AT_MOST = 1_000;
const commitOf = ({ document, cause }: Readonly<{ document?: DocumentRef; cause: Cause }>): string =>
  `${document?.version} ${cause.kind} ${cause.id}`;

const movementsOf = async (
  database: Database,
  { type, id }: Pick<DocumentQuery, 'type' | 'id'>,
  versions: readonly Applied[],
): Promise<readonly AuditEntry[]> => {
  const [first, last] = [versions.at(0), versions.at(-1)];
  if (!first || !last) return [];
  const rows = await database.query<EntryRow>(
    `SELECT ${ENTRY_COLUMNS} FROM audit_events e
     WHERE document_type = $1 AND document_id = $2 AND type = 'StockChanged' AND sequence BETWEEN $3 AND $4
     ORDER BY sequence`,
    [type, id, first.seq, last.seq + COMMIT_AT_MOST],
  );
  return rows.map(entryOf);
};

type NameRow = Readonly<{ id: string; name: string }>;

const namesFor = async (
  database: Database,
  lines: readonly AppliedLine[],
): Promise<(line: AppliedLine) => NamedLine> => {
  const [items, warehouses] = await Promise.all([
    database.query<NameRow>('SELECT item_id AS id, name FROM items WHERE item_id = ANY($1)', [
      [...new Set(lines.map(({ itemId }) => itemId))],
    ]),
    database.query<NameRow>('SELECT warehouse_id AS id, name FROM warehouses WHERE warehouse_id = ANY($1)', [
      [...new Set(lines.map(({ warehouseId }) => warehouseId))],
    ]),
  ]);
  const nameIn = (rows: readonly NameRow[]) => new Map(rows.map(({ id, name }) => [id, name]));
  const [itemNames, warehouseNames] = [nameIn(items), nameIn(warehouses)];
  return (line) => {
    const [itemName, warehouseName] = [itemNames.get(line.itemId), warehouseNames.get(line.warehouseId)];
    return { ...line, ...(itemName ? { itemName } : {}), ...(warehouseName ? { warehouseName } : {}) };
  };
};
