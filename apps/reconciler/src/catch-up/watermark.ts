import {
  type DocumentId,
  documentIdSchema,
  type Instant,
  instantFrom,
  instantSchema,
  millisOf,
} from '@tallystream/contracts';
import type { ZohoDocumentRow } from '@tallystream/zoho';
import { z } from 'zod';
import type { ListReading } from './read-list';

/** How far the documents of a type have been read, by Zoho's clock. */
export const watermarkSchema = z.object({
  /** Whatever changed up to here was in the ledger, or has been handed over. */
  readTo: instantSchema,
  /**
   * What was handed over and may be listed again: not everything leaves a trace under its own name in the
   * ledger (a sales return is taken apart, a dead letter never arrives).
   */
  handed: z.array(z.object({ id: documentIdSchema, version: z.string() })).readonly(),
  /** Zoho does not show documents of this type to us. */
  refused: z.object({ at: instantSchema, why: z.string() }).optional(),
});
export type Watermark = Readonly<z.infer<typeof watermarkSchema>>;

/** Zoho may write a document down a while after the time that it gives it; and our clock, for the first reading. */
const OVERLAP_MS = 10 * 60_000;
/** A scope is added, a module switched on: not by the minute. */
const REFUSED_FOR_MS = 60 * 60_000;

export const readFrom = ({ readTo }: Pick<Watermark, 'readTo'>): Instant =>
  instantFrom(Math.max(0, millisOf(readTo) - OVERLAP_MS));

/** Why a type is passed over without asking, if it is. */
export const stillRefused = ({ refused }: Watermark, now: number): string | undefined =>
  refused && now - millisOf(refused.at) < REFUSED_FOR_MS ? refused.why : undefined;

/** What tells two rows of a document apart: its time, else, where the list has none, its status. */
const versionOf = ({ modifiedAt, status }: ZohoDocumentRow): string => modifiedAt ?? status ?? '';

export const wasHanded = (watermark: Watermark, row: ZohoDocumentRow): boolean =>
  watermark.handed.some(({ id, version }) => id === row.id && version === versionOf(row));

/**
 * The watermark after a reading of which these rows have been dealt with, and those are left. It moves to the
 * oldest that is left, and to the time of the list when none is.
 */
export const moveWatermark = (
  before: Watermark,
  { asOf, rows, reach }: ListReading,
  { done, left }: Readonly<{ done: ReadonlySet<DocumentId>; left: readonly ZohoDocumentRow[] }>,
): Watermark => {
  const limits = [asOf, ...left.flatMap(({ modifiedAt }) => modifiedAt ?? [])].map(millisOf);
  const readTo =
    reach === 'shifting' ? millisOf(before.readTo) : Math.max(millisOf(before.readTo), Math.min(...limits));
  const moved = { readTo: instantFrom(readTo) };
  const from = millisOf(readFrom(moved));
  const handed = rows.flatMap((row) => {
    const isListedAgain = row.modifiedAt === undefined || millisOf(row.modifiedAt) >= from;
    const isHanded = done.has(row.id) || wasHanded(before, row);
    return isListedAgain && isHanded ? [{ id: row.id, version: versionOf(row) }] : [];
  });
  return { ...moved, handed };
};
