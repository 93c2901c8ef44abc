import * as fc from 'fast-check';
import { changeRing } from './change-ring';
import { changeAt } from './spec/changes';

describe('the newest changes', () => {
  it('are all there after the position that is said, and no more than may be', () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 100 });
    fc.assert(
      fc.property(
        gaps,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 0, max: 9 }),
        (steps, most, start) => {
          const ring = changeRing(start, most);
          const seqs: number[] = [];
          for (const step of steps) {
            const seq = (seqs.at(-1) ?? start) + step;
            seqs.push(seq);
            ring.add(changeAt(seq, 'a@main'));
          }
          expect(ring.head()).toBe(seqs.at(-1) ?? start);
          expect(ring.covers(ring.head())).toBe(true);
          let kept = 0;
          for (let position = start; position <= ring.head() + 1; position += 1) {
            if (!ring.covers(position)) continue;
            const { changes, nextSeq, isEnd } = ring.page(position, () => true, 1_000);
            expect(changes.map(({ seq }) => Number(seq))).toEqual(seqs.filter((seq) => seq > position));
            expect([nextSeq, isEnd]).toEqual([Math.max(position, ring.head()), true]);
            kept = Math.max(kept, changes.length);
          }
          expect(kept).toBeLessThanOrEqual(most);
          expect(kept).toBeGreaterThanOrEqual(Math.min(seqs.length, Math.floor((most * 3) / 4) - 1));
        },
      ),
    );
  });

  it('come in pages: so many that are wanted, and where the next page begins', () => {
    const ring = changeRing(0, 100);
    for (const [index, level] of ['a@m', 'b@m', 'a@m', 'b@m', 'a@m'].entries())
      ring.add(changeAt(10 * (index + 1), level));
    const onlyA = ({ itemId }: { itemId: string }) => itemId === 'a';
    const page = (position: number, max: number) => {
      const { changes, ...rest } = ring.page(position, onlyA, max);
      return { seqs: changes.map(({ seq }) => Number(seq)), ...rest };
    };
    expect(page(0, 2)).toEqual({ seqs: [10, 30], nextSeq: 30, isEnd: false });
    expect(page(30, 1)).toEqual({ seqs: [50], nextSeq: 50, isEnd: true });
    expect(page(35, 2)).toEqual({ seqs: [50], nextSeq: 50, isEnd: true });
    expect(page(50, 2)).toEqual({ seqs: [], nextSeq: 50, isEnd: true });
    expect(page(70, 2)).toEqual({ seqs: [], nextSeq: 70, isEnd: true });
  });
});
