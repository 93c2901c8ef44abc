import {
  type DocumentId,
  documentIdSchema,
  type Instant,
  instantFrom,
  millisOf,
} from '@tallystream/contracts';
import type { ZohoDocumentPage, ZohoDocumentRow } from '@tallystream/zoho';
import fc from 'fast-check';
import { type ReadPage, readList } from './read-list';

const at = (seconds: number): Instant => instantFrom(Date.UTC(2026, 0, 7) + seconds * 1_000);

/** Parsing each anew would take most of the time. */
const ids = new Map<string, DocumentId>();
const idOf = (id: string): DocumentId => {
  const known = ids.get(id) ?? documentIdSchema.parse(id);
  ids.set(id, known);
  return known;
};
const row = (id: string, seconds?: number): ZohoDocumentRow => ({
  type: 'invoice',
  id: idOf(id),
  ...(seconds === undefined ? {} : { modifiedAt: at(seconds) }),
});

type List = Map<string, number>;
type Moves = Readonly<{ add?: number; change?: readonly number[]; remove?: readonly number[] }>;

/** Zoho's list of `size` documents, one changed each second, the last at 0; it moves after each page. */
const zohoList = (size: number, movesAfter: (pagesRead: number) => Moves = () => ({})) => {
  const list: List = new Map(Array.from({ length: size }, (_, n) => [String(n), n - size + 1]));
  let clock = 1;
  const touched = new Set<string>();
  const sizes: number[] = [];
  const sorted = () => [...list].sort(([, a], [, b]) => b - a);
  const move = ({ add = 0, change = [], remove = [] }: Moves): void => {
    for (let n = 0; n < add; n += 1) list.set(`new-${clock}`, clock++);
    for (const index of change) {
      const changed = sorted()[index]?.[0];
      if (changed === undefined) continue;
      list.set(changed, clock++);
      touched.add(changed);
    }
    for (const id of remove.map((index) => sorted()[index]?.[0] ?? '')) list.delete(id);
  };
  const readPage: ReadPage = async (page, perPage) => {
    sizes.push(perPage);
    const rows = sorted();
    const end = page * perPage;
    const answer: ZohoDocumentPage = {
      asOf: at(clock),
      rows: rows.slice(end - perPage, end).map(([id, time]) => row(id, time)),
      hasMore: end < rows.length,
      isSorted: true,
    };
    move(movesAfter(sizes.length));
    return answer;
  };
  /** What must have been seen: what was there all the time, as it was. */
  const steady = (since: number) =>
    [...list].filter(([id, time]) => time >= since && time < 1 && !touched.has(id)).map(([id]) => id);
  return { readPage, steady, sizes };
};

const idsOf = ({ rows }: Readonly<{ rows: readonly ZohoDocumentRow[] }>) => rows.map(({ id }) => String(id));

describe('a list of documents', () => {
  it('is read no further than to the watermark', async () => {
    const { readPage, sizes } = zohoList(1_000);
    const reading = await readList(readPage, at(-100));
    expect(reading).toMatchObject({ reach: 'whole', asOf: at(1) });
    expect(reading.rows).toHaveLength(101);
    expect(sizes).toEqual([200]);
  });

  it('is read page by page, each beginning before the end of the one before it', async () => {
    const { readPage, steady, sizes } = zohoList(1_000);
    const reading = await readList(readPage, at(-599));
    expect(idsOf(reading).sort()).toEqual(steady(-599).sort());
    expect(reading.rows).toHaveLength(600);
    expect(sizes).toEqual([200, 198, 196, 194]);
  });

  it('is read to its end when the watermark lies before it', async () => {
    const { readPage } = zohoList(450);
    const reading = await readList(readPage, at(-10_000));
    expect(reading).toMatchObject({ reach: 'whole' });
    expect(reading.rows).toHaveLength(450);
  });

  it('may be empty', async () => {
    const { readPage } = zohoList(0);
    expect(await readList(readPage, at(-10))).toEqual({ asOf: at(1), rows: [], reach: 'whole' });
  });

  it('of any length costs a bounded number of calls, and gives the newest of it', async () => {
    const { readPage, sizes } = zohoList(10_000);
    const reading = await readList(readPage, at(-10_000));
    expect(reading.reach).toBe('bounded');
    expect(reading.rows.length).toBeGreaterThan(3_000);
    expect(sizes).toHaveLength(25);
  });

  it('is read again when documents that are deleted pull rows over the edge of a page', async () => {
    const first20 = Array.from({ length: 20 }, (_, n) => n);
    const { readPage, steady, sizes } = zohoList(500, (read) => (read === 1 ? { remove: first20 } : {}));
    const reading = await readList(readPage, at(-399));
    expect(reading.reach).toBe('whole');
    expect(idsOf(reading)).toEqual(expect.arrayContaining(steady(-399)));
    expect(sizes.slice(0, 3)).toEqual([200, 198, 200]);
  });

  it('is given up when that never ends', async () => {
    const { readPage, sizes } = zohoList(900, (read) => (read % 2 === 1 ? { remove: [0, 1, 2, 3] } : {}));
    expect((await readList(readPage, at(-800))).reach).toBe('shifting');
    expect(sizes).toHaveLength(6);
  });

  it('has each document once, as it was last seen', async () => {
    const { readPage } = zohoList(300, (read) => (read === 1 ? { change: [199, 250] } : {}));
    const { rows } = await readList(readPage, at(-299));
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  });

  it('misses nothing however it moves while it is read', async () => {
    const index = fc.nat({ max: 900 });
    const moves = fc.record({
      add: fc.constantFrom(0, 0, 0, 1, 5, 250),
      change: fc.array(index, { maxLength: 10 }),
      remove: fc.array(fc.nat({ max: 250 }), { maxLength: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(moves, { maxLength: 12 }), fc.nat({ max: 900 }), async (all, back) => {
        const { readPage, steady } = zohoList(900, (read) => all[read - 1] ?? {});
        const since = at(-back);
        const reading = await readList(readPage, since);
        const missed = new Set(steady(-back));
        for (const id of idsOf(reading)) missed.delete(id);
        if (reading.reach === 'whole') expect([...missed]).toEqual([]);
        expect(
          reading.rows.filter(({ modifiedAt = at(-9_999) }) => millisOf(modifiedAt) < millisOf(since)),
        ).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a list in another order', () => {
  /** Pages of a list that nobody sorts and nothing moves. */
  const pagesOf = (rows: readonly ZohoDocumentRow[], isSorted = true) => {
    const calls: number[] = [];
    const readPage: ReadPage = async (page, perPage) => {
      calls.push(page);
      const end = page * perPage;
      return { asOf: at(1), rows: rows.slice(end - perPage, end), hasMore: end < rows.length, isSorted };
    };
    return { readPage, calls };
  };
  const many = (time: (n: number) => number | undefined) =>
    Array.from({ length: 2_000 }, (_, n) => row(String(n), time(n)));

  it.each([
    ['does not say when they changed', many(() => undefined), true, 950],
    ['is sorted by something else', many((n) => -((n * 997) % 2_000)), true, 475],
    ['is not sorted, as Zoho says', many((n) => -n), false, 950],
  ])('that %s is read for some pages', async (_what, rows, isSorted, atLeast) => {
    const { readPage, calls } = pagesOf(rows, isSorted);
    const reading = await readList(readPage, at(-1_000));
    expect(reading.reach).toBe('bounded');
    expect(reading.rows.length).toBeGreaterThanOrEqual(atLeast);
    expect(
      reading.rows.every(({ modifiedAt }) => !modifiedAt || millisOf(modifiedAt) >= millisOf(at(-1_000))),
    ).toBe(true);
    expect(calls).toEqual([1, 2, 3, 4, 5]);
  });

  it('is whole when it ends before that', async () => {
    const { readPage } = pagesOf(many(() => undefined).slice(0, 300));
    expect(await readList(readPage, at(-1_000))).toMatchObject({ reach: 'whole', rows: { length: 300 } });
  });
});
