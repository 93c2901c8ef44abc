import { eventually } from '@tallystream/testing';
import * as fc from 'fast-check';
import { changedItems, MAX_ITEMS } from './changed-items';
import type { ShopCall } from './shop-calls';

const times = { gatherMs: 1 };

/** A shop that can be told when it is open. */
const shopAndBook = () => {
  const book = { calls: [] as ShopCall[], kept: [] as number[], isOpen: true, open: () => {} };
  const tell = async (call: ShopCall, signal: AbortSignal): Promise<void> => {
    if (!book.isOpen)
      await new Promise<void>((resolve, reject) => {
        book.open = resolve;
        signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
      });
    book.calls.push(call);
  };
  const keep = async (seq: number): Promise<void> => void book.kept.push(seq);
  return { book, tell, keep };
};

describe('the items that changed', () => {
  let ending: AbortController;
  beforeEach(() => {
    ending = new AbortController();
  });
  afterEach(() => ending.abort());

  it('are told together, each once, with how far that is', async () => {
    const { book, ...parts } = shopAndBook();
    const items = changedItems({ ...parts, times: { gatherMs: 50 }, signal: ending.signal });
    void items.tellOn();
    items.add(['a', 'b', 'a'], 3);
    items.add(['b', 'c'], 7);
    await eventually(() => expect(book.kept).toEqual([7]));
    expect(book.calls).toEqual([{ itemIds: ['a', 'b', 'c'], seq: 7 }]);
    expect(items.waiting()).toBe(0);
  });

  it('wait while the shop is closed, as many as there are, and the position with them', async () => {
    const { book, ...parts } = shopAndBook();
    book.isOpen = false;
    const items = changedItems({ ...parts, times, signal: ending.signal });
    void items.tellOn();
    items.add(['first'], 1);
    await eventually(() => expect(items.waiting()).toBe(0));
    for (let seq = 2; seq <= 10_000; seq += 1) items.add([`item-${seq % 7}`], seq);
    expect(items.waiting()).toBe(7);
    expect([book.calls, book.kept]).toEqual([[], []]);
    book.isOpen = true;
    book.open();
    await eventually(() => expect(book.kept).toEqual([1, 10_000]));
    expect(book.calls.map(({ itemIds, seq }) => [itemIds.length, seq])).toEqual([
      [1, 1],
      [7, 10_000],
    ]);
  });

  it('are never too many for one call, and kept when the last of them was told', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 * MAX_ITEMS }), async (count) => {
        const { book, ...parts } = shopAndBook();
        const ended = new AbortController();
        const items = changedItems({ ...parts, times: { gatherMs: 0 }, signal: ended.signal });
        const all = Array.from({ length: count }, (_, n) => `item-${n}`);
        items.add(all, count);
        const telling = items.tellOn();
        await eventually(() => expect(book.kept).toEqual([count]));
        expect(book.calls.flatMap(({ itemIds }) => itemIds)).toEqual(all);
        for (const { itemIds } of book.calls) expect(itemIds.length).toBeLessThanOrEqual(MAX_ITEMS);
        expect(book.calls).toHaveLength(Math.ceil(count / MAX_ITEMS));
        ended.abort();
        await telling;
      }),
      { numRuns: 20 },
    );
  });

  it('are told by nobody who is not in charge any more', async () => {
    const { book, ...parts } = shopAndBook();
    book.isOpen = false;
    const items = changedItems({ ...parts, times, signal: ending.signal });
    const telling = items.tellOn();
    items.add(['a'], 1);
    await eventually(() => expect(items.waiting()).toBe(0));
    ending.abort();
    await expect(telling).rejects.toThrow('aborted');
    expect(book.kept).toEqual([]);
    const idle = changedItems({ ...parts, times, signal: ending.signal });
    await idle.tellOn();
    expect(book.calls).toEqual([]);
  });

  it('whose position cannot be kept are said to be begun again with', async () => {
    const { tell } = shopAndBook();
    const keep = async () => {
      throw new Error('Postgres is away');
    };
    const items = changedItems({ tell, keep, times, signal: ending.signal });
    items.add(['a'], 1);
    await expect(items.tellOn()).rejects.toThrow('Postgres is away');
  });
});
