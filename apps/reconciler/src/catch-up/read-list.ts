import { type DocumentId, type Instant, millisOf } from '@tallystream/contracts';
import type { ZohoDocumentPage, ZohoDocumentRow } from '@tallystream/zoho';

export type ListReading = Readonly<{
  /** Zoho's time of the first page: what changed before is among the rows. */
  asOf: Instant;
  /** As the list has them; each document once, as it was last seen; changed since, or at a time not given. */
  rows: readonly ZohoDocumentRow[];
  /**
   * `whole`: no document changed since is missing. `bounded`: older changes may be, the list is long.
   * `shifting`: any may be, so often were documents deleted while the pages were turned.
   */
  reach: 'whole' | 'bounded' | 'shifting';
}>;

export type ReadPage = (page: number, perPage: number) => Promise<ZohoDocumentPage>;

/** Pages of a list that ends at the watermark, and of one that is not in the order of its changes. */
const MAX_PAGES = { ordered: 25, unordered: 5 };
const TRIES = 3;
const PER_PAGE = 200;
/** Each page is smaller than the one before by this much, and so begins before that one's end. */
const OVERLAP_ROWS = 2;

/**
 * The documents of a list that changed since a moment: newest change first, so that reading can stop there.
 *
 * While pages are turned the list moves. What is added or changed pushes rows onto the next page, where they are
 * seen twice; what is deleted pulls rows onto the page already read, where they would be missed. So pages
 * overlap: one that shares a row with the page before it has missed none between them.
 */
export const readList = async (readPage: ReadPage, since: Instant): Promise<ListReading> => {
  for (let attempt = 1; ; attempt += 1) {
    const reading = await readOnce(readPage, since);
    if (reading.reach !== 'shifting' || attempt === TRIES) return reading;
  }
};

const readOnce = async (readPage: ReadPage, since: Instant): Promise<ListReading> => {
  const first = await readPage(1, PER_PAGE);
  const pages = [first];
  const read = (reach: ListReading['reach']): ListReading => ({
    asOf: first.asOf,
    rows: newestOfEach(pages).filter((row) => isSince(row, since)),
    reach,
  });
  for (let last = first; ; ) {
    const isOrdered = isNewestFirst(pages);
    if (!last.hasMore || (isOrdered && last.rows.some((row) => !isSince(row, since)))) return read('whole');
    if (pages.length === (isOrdered ? MAX_PAGES.ordered : MAX_PAGES.unordered)) return read('bounded');
    const next = await readPage(pages.length + 1, PER_PAGE - OVERLAP_ROWS * pages.length);
    pages.push(next);
    if (!overlap(last, next)) return read('shifting');
    last = next;
  }
};

const isSince = ({ modifiedAt }: ZohoDocumentRow, since: Instant): boolean =>
  modifiedAt === undefined || millisOf(modifiedAt) >= millisOf(since);

/** As Zoho says, and as it is seen. */
const isNewestFirst = (pages: readonly ZohoDocumentPage[]): boolean =>
  pages.every(
    ({ rows, isSorted }) =>
      isSorted &&
      rows.every(({ modifiedAt }, index) => {
        const before = rows[index - 1]?.modifiedAt ?? modifiedAt;
        return modifiedAt !== undefined && before !== undefined && millisOf(before) >= millisOf(modifiedAt);
      }),
  );

/** A row that changed in between is another row: it has moved. */
const overlap = (before: ZohoDocumentPage, after: ZohoDocumentPage): boolean => {
  const seen = new Set(before.rows.map(rowKey));
  return after.rows.some((row) => seen.has(rowKey(row)));
};

const rowKey = ({ id, modifiedAt }: ZohoDocumentRow): string => `${id} ${modifiedAt ?? ''}`;

/** Later pages were read later. */
const newestOfEach = (pages: readonly ZohoDocumentPage[]): readonly ZohoDocumentRow[] => {
  const rows = new Map<DocumentId, ZohoDocumentRow>();
  for (const row of pages.flatMap((page) => page.rows)) rows.set(row.id, row);
  return [...rows.values()];
};
