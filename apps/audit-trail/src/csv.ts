import { quantityNames } from '@tallystream/contracts';
import type { AuditEntry } from '@tallystream/projection-store';
import { stringify } from 'csv-stringify/sync';

type Cell = string | number | undefined;

const moves = ['delta', 'before', 'after'] as const;

/** Column by column, what an event says in it. Numbers are numbers, everything else is text. */
const columns: Readonly<Record<string, (entry: AuditEntry) => Cell>> = {
  seq: ({ seq }) => seq,
  id: ({ id }) => id,
  type: ({ type }) => type,
  recordedAt: ({ recordedAt }) => recordedAt,
  occurredAt: ({ occurredAt }) => occurredAt,
  itemId: ({ itemId }) => itemId,
  itemName: ({ itemName }) => itemName,
  warehouseId: ({ warehouseId }) => warehouseId,
  warehouseName: ({ warehouseName }) => warehouseName,
  revision: ({ revision }) => revision,
  reason: ({ reason }) => reason,
  ...Object.fromEntries(
    moves.flatMap((move) =>
      quantityNames.map((name) => [`${move}.${name}`, (entry: AuditEntry) => entry[move]?.[name]] as const),
    ),
  ),
  documentType: ({ document }) => document?.type,
  documentId: ({ document }) => document?.id,
  documentNumber: ({ document }) => document?.number,
  documentVersion: ({ document }) => document?.version,
  causeKind: ({ cause }) => cause.kind,
  causeId: ({ cause }) => cause.id,
  actor: ({ actor }) => actor,
  hash: ({ hash }) => hash,
};

const names = Object.keys(columns);

/**
 * Lines of CSV (RFC 4180). Text that a spreadsheet would take for a formula gets an apostrophe in front; a number
 * stays one, also a negative one.
 */
export const csvLines = (entries: readonly AuditEntry[]): string =>
  stringify(
    entries.map((entry) => names.map((name) => columns[name]?.(entry))),
    { escape_formulas: true, record_delimiter: 'windows' },
  );

/** The first line. The mark in front of it tells spreadsheets that this is UTF-8: names may be Arabic. */
export const csvHeader = `\ufeff${names.join(',')}\r\n`;
