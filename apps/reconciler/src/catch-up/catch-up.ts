import { type Instant, instantFrom, millisOf, type RunId } from '@tallystream/contracts';
import type { Ledger } from '@tallystream/ledger';
import { type CallOptions, type ListedDocumentType, type ZohoClient } from '@tallystream/zoho';
import {
  CALLS_AT_ONCE,
  type FoundDocument,
  type HandedOver,
  type HandOverParts,
  handOver,
  refusalScope,
} from './hand-over';
import { missingDocuments } from './missing';
import { type ListReading, readList } from './read-list';
import { moveWatermark, readFrom, stillRefused, type Watermark, wasHanded } from './watermark';
import { loadWatermarks, type StoredWatermark, saveWatermark } from './watermarks';

export type CatchUpParts = HandOverParts &
  Readonly<{
    ledger: Pick<Ledger, 'documents'>;
    zoho: Pick<ZohoClient, 'listDocuments' | 'document'>;
    now: () => number;
    /** How long a document that has just changed is given to come by itself, in milliseconds. */
    settleMs: number;
  }>;

export const SETTLE_MS = 3_000;

export type CatchUpRequest = Readonly<{
  /** Named by what is handed over, as its cause. */
  runId: RunId;
  /** How many documents to fetch, at most: one call each, beside about one per type for the lists. */
  maxDetails: number;
  call: CallOptions;
}>;

export type CaughtUp = Readonly<{
  /** What is in the inbox now; see `handled`. */
  found: readonly FoundDocument[];
  /** Documents that were compared with the ledger. */
  looked: number;
  /** Nothing was left for another run, which would go on where this one ended. */
  complete: boolean;
  apiCalls: number;
  /** What could not be looked at, and why, in words. */
  notes: readonly string[];
}>;

type TypeReading = StoredWatermark &
  Readonly<{ type: ListedDocumentType }> &
  (Readonly<{ list: ListReading }> | Readonly<{ refused: string; isNews: boolean }>);

/** What changed within this is likely to be on its way. */
const RECENT_MS = 60_000;

/**
 * Looks for documents that we never saw, or saw in an older version, and hands them to the inbox like late
 * webhooks. Watermarks move only over what has been handed over, so it may end anywhere and be done again: the
 * ledger and the message ids of the inbox see to it that nothing counts twice.
 * @throws ZohoError when Zoho cannot be asked now, NatsUnavailable
 */
export const catchUp = async (parts: CatchUpParts, request: CatchUpRequest): Promise<CaughtUp> => {
  const watermarks = await loadWatermarks(parts);
  if (!watermarks) return { found: [], looked: 0, complete: true, apiCalls: 0, notes: [] };
  let apiCalls = 0;
  const call: CallOptions = {
    ...request.call,
    onRequest: () => {
      apiCalls += 1;
      request.call.onRequest?.();
    },
  };
  const readings: TypeReading[] = [];
  const types = [...watermarks];
  for (let from = 0; from < types.length; from += CALLS_AT_ONCE) {
    const group = types.slice(from, from + CALLS_AT_ONCE);
    readings.push(...(await Promise.all(group.map(([type, stored]) => readType(parts, type, stored, call)))));
  }

  const rows = readings.flatMap(newRows);
  const missing = await missingDocuments(parts.ledger, rows, {
    recentFrom: recentFrom(readings),
    settleMs: parts.settleMs,
    ...(call.signal ? { signal: call.signal } : {}),
  });
  const handed = await handOver(parts, missing, { ...request, call });
  const left = missing.map(({ row }) => row).filter((row) => !handed.done.includes(row));
  for (const reading of readings) await move(parts, reading, handed, left);

  const isShifting = readings.some((reading) => 'list' in reading && reading.list.reach === 'shifting');
  return {
    found: handed.found,
    looked: rows.length,
    complete: !isShifting && left.every(({ type }) => handed.refused.has(type)),
    apiCalls,
    notes: [...readings.flatMap(noteOf), ...handed.notes],
  };
};

const readType = async (
  { zoho, now }: CatchUpParts,
  type: ListedDocumentType,
  stored: StoredWatermark,
  call: CallOptions,
): Promise<TypeReading> => {
  const refused = stillRefused(stored.watermark, now());
  if (refused) return { ...stored, type, refused, isNews: false };
  try {
    const list = await readList(
      (page, perPage) => zoho.listDocuments(type, { page, perPage }, call),
      readFrom(stored.watermark),
    );
    return { ...stored, type, list };
  } catch (error) {
    if (!(error instanceof Error) || !refusalScope(error)) throw error;
    return { ...stored, type, refused: error.message, isNews: true };
  }
};

const newRows = (reading: TypeReading) =>
  'list' in reading ? reading.list.rows.filter((row) => !wasHanded(reading.watermark, row)) : [];

const recentFrom = (readings: readonly TypeReading[]): Instant => {
  const times = readings.flatMap((reading) => ('list' in reading ? millisOf(reading.list.asOf) : []));
  return instantFrom(Math.max(RECENT_MS, ...times) - RECENT_MS);
};

const move = async (
  parts: CatchUpParts,
  reading: TypeReading,
  { done, refused }: HandedOver,
  left: Parameters<typeof moveWatermark>[2]['left'],
): Promise<void> => {
  const { type, watermark, seq } = reading;
  const at = instantFrom(parts.now());
  if ('refused' in reading) {
    const { refused: why, isNews } = reading;
    if (isNews) await saveWatermark(parts, type, { ...watermark, refused: { at, why } }, seq);
    return;
  }
  const moved = moveWatermark(watermark, reading.list, {
    done: new Set(done.flatMap((row) => (row.type === type ? [row.id] : []))),
    left: left.filter((row) => row.type === type),
  });
  const why = refused.get(type);
  const next: Watermark = why === undefined ? moved : { ...moved, refused: { at, why } };
  await saveWatermark(parts, type, next, seq);
};

const noteOf = (reading: TypeReading): readonly string[] => {
  if ('refused' in reading) return [`${reading.type}: not listed: ${reading.refused}`];
  const { type, list } = reading;
  if (list.reach === 'bounded') return [`${type}: the list is long: only its newest changes were looked at`];
  return list.reach === 'shifting' ? [`${type}: the list kept moving while it was read`] : [];
};
