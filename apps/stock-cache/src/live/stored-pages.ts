import { bulkhead } from 'cockatiel';
import { LRUCache } from 'lru-cache';
import { type ChangePage, pageOf, type Wants } from './change-ring';
import type { LoggedChange } from './logged-change';

/** Reads up to `max` changes after a position of the stream. */
type Read = (after: number, max: number) => Promise<readonly LoggedChange[]>;

export type StoredPagesSettings = Readonly<{
  /** How many positions of the stream lie in a page. */
  span: number;
  /** How many pages are remembered … */
  kept: number;
  /** … and read at a time. */
  concurrency: number;
}>;

export const storedPagesSettings: StoredPagesSettings = { span: 500, kept: 20, concurrency: 4 };

/**
 * The stream behind the ring, in pages that begin at fixed positions: after a cut of the network, clients by the
 * hundred ask for the same changes, and share one read.
 */
export const storedPages = (read: Read, settings: StoredPagesSettings = storedPagesSettings) => {
  const { span, kept, concurrency } = settings;
  const lanes = bulkhead(concurrency, Number.POSITIVE_INFINITY);
  const pages = new LRUCache<number, StoredPage>({
    max: kept,
    fetchMethod: (index) =>
      lanes.execute(async () => {
        const end = (index + 1) * span;
        // One more than there can be in the page: what lies behind it proves that nothing of it is missing yet.
        const found = await read(index * span, span + 1);
        const changes = found.filter(({ seq }) => seq <= end);
        return { changes, end, isWhole: changes.length < found.length || changes.length === span };
      }),
  });

  return async (position: number, wants: Wants, max: number): Promise<ChangePage> => {
    const index = Math.floor(position / span);
    const stored = await pages.fetch(index);
    if (!stored) throw new Error(`page ${index} of the stream was not read`);
    // The end of the stream, or of what a replica of it has by now: not to be remembered as all there is.
    if (!stored.isWhole && pages.peek(index) === stored) pages.delete(index);
    const page = pageOf(stored.changes, position, wants, max);
    if (!page.isEnd || !stored.isWhole) return page;
    return { changes: page.changes, nextSeq: stored.end, isEnd: false };
  };
};
export type StoredPages = ReturnType<typeof storedPages>;

type StoredPage = Readonly<{ changes: readonly LoggedChange[]; end: number; isWhole: boolean }>;
