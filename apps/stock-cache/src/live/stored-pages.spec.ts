import * as fc from 'fast-check';
import { changeAt } from './spec/changes';
import { storedPages } from './stored-pages';

const all = () => true;
const settings = { span: 10, kept: 3, concurrency: 2 };

/** A stream that has changes at some positions, and replicas of it that have come so far. */
const streamAt = (seqs: readonly number[]) => {
  const stream = seqs.map((seq) => changeAt(seq, 'a@main'));
  const reads: number[] = [];
  const view = {
    has: Number.POSITIVE_INFINITY,
    reads,
    read: async (after: number, max: number) => {
      reads.push(after);
      return stream.filter(({ seq }) => seq > after && seq <= view.has).slice(0, max);
    },
  };
  return view;
};

describe('pages of the stream', () => {
  it('have all that lies after a position, whatever lies between and however many are asked for', async () => {
    const positions = fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { maxLength: 120 });
    await fc.assert(
      fc.asyncProperty(
        positions,
        fc.integer({ min: 0, max: 210 }),
        fc.integer({ min: 1, max: 15 }),
        async (some, start, max) => {
          const seqs = some.toSorted((a, b) => a - b);
          const page = storedPages(streamAt(seqs).read, settings);
          const found: number[] = [];
          for (let position = start; ; ) {
            const { changes, nextSeq, isEnd } = await page(position, all, max);
            expect(changes.length).toBeLessThanOrEqual(max);
            found.push(...changes.map(({ seq }) => seq));
            if (isEnd) break;
            expect(nextSeq).toBeGreaterThan(position);
            position = nextSeq;
          }
          expect(found).toEqual(seqs.filter((seq) => seq > start));
        },
      ),
    );
  });

  it('never pass over what a replica does not have yet', async () => {
    const stream = streamAt([1, 2, 4, 5, 12, 13, 25]);
    const page = storedPages(stream.read, settings);
    stream.has = 4;
    expect(await page(0, all, 100)).toMatchObject({ nextSeq: 4, isEnd: true });
    expect(await page(4, all, 100)).toEqual({ changes: [], nextSeq: 4, isEnd: true });
    stream.has = 12;
    expect(await page(4, all, 100)).toMatchObject({ changes: [{ seq: 5 }], nextSeq: 10, isEnd: false });
    expect(await page(10, all, 100)).toMatchObject({ changes: [{ seq: 12 }], nextSeq: 12, isEnd: true });
    stream.has = 25;
    expect(await page(12, all, 100)).toMatchObject({ changes: [{ seq: 13 }], nextSeq: 20, isEnd: false });
  });

  it('are read once for all who ask, and remembered when nothing can come in between any more', async () => {
    const stream = streamAt([1, 2, 15]);
    const page = storedPages(stream.read, settings);
    await Promise.all([page(0, all, 1), page(0, all, 5), page(1, all, 5)]);
    await page(2, all, 5);
    expect(stream.reads).toEqual([0]);
    await page(10, all, 5);
    await page(10, all, 5);
    expect(stream.reads).toEqual([0, 10, 10]);
  });

  it('forget those that nobody asked for lately, and a failure at once', async () => {
    const stream = streamAt(Array.from({ length: 100 }, (_, n) => n + 1));
    let fails = true;
    const page = storedPages(async (after, max) => {
      if (fails) throw new Error('NATS is away');
      return stream.read(after, max);
    }, settings);
    await expect(page(0, all, 5)).rejects.toThrow('NATS is away');
    fails = false;
    for (const position of [0, 10, 20, 30, 0]) expect((await page(position, all, 5)).changes).toHaveLength(5);
    expect(stream.reads).toEqual([0, 10, 20, 30, 0]);
  });
});
