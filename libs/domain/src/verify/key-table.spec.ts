import { itemIdSchema, type StockChanged, warehouseIdSchema, zero } from '@tallystream/contracts';
import { Fingerprint, KeyTable } from './key-table';
import { LevelBook } from './level-book';

describe('a fingerprint', () => {
  const texts = (...all: readonly string[]) => {
    const { high, low } = new Fingerprint().of(...all);
    return `${high} ${low}`;
  };
  const numbers = (...all: readonly number[]) => {
    const { high, low } = new Fingerprint().ofNumbers(all);
    return `${high} ${low}`;
  };

  it('is the same for the same, and else another', () => {
    expect(texts('a', 'b')).toBe(texts('a', 'b'));
    const others = [texts('a'), texts('b', 'a'), texts('ab'), texts('a', 'b', ''), texts('', 'ab'), texts()];
    expect(new Set([texts('a', 'b'), ...others]).size).toBe(7);
  });

  it('tells numbers apart, near ones and large ones, whatever their place and sign', () => {
    const big = 4_294_967_296_000_000;
    const all = [
      numbers(0, 0),
      numbers(1, 0),
      numbers(0, 1),
      numbers(-1, 0),
      numbers(0, -1),
      numbers(1, 1),
      numbers(1, -1),
      numbers(big, 0),
      numbers(big + 1, 0),
      numbers(-big, 0),
      numbers(2 ** 32, 0),
      numbers(2 ** 33, 0),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('is shared by no two of many levels', () => {
    const seen = new Set<string>();
    const key = new Fingerprint();
    const count = 200_000;
    for (let n = 0; n < count; n += 1) {
      const { high, low } = key.of('2646610000000077024', `26466100${10_000_109_854 + n * 2_002}`);
      seen.add(`${high} ${low}`);
    }
    expect(seen.size).toBe(count);
  });
});

describe('a table of keys', () => {
  it('numbers them as they come, and finds them again while it grows', () => {
    const table = new KeyTable();
    const key = new Fingerprint();
    const count = 100_000;
    let wrong = 0;
    for (let n = 0; n < count; n += 1) {
      if (table.find(key.of(`item-${n}`)) !== -1) wrong += 1;
      table.add(key);
    }
    for (let n = 0; n < count; n += 1) if (table.find(key.of(`item-${n}`)) !== n) wrong += 1;
    expect([table.size, wrong]).toEqual([count, 0]);
  });
});

describe('the book of levels', () => {
  const event = (n: number): StockChanged => ({
    itemId: itemIdSchema.parse(`item-${n}`),
    warehouseId: warehouseIdSchema.parse('main'),
    revision: 1,
    delta: { onHand: n },
    after: { ...zero, onHand: n },
    provisional: n % 2 === 0,
    reason: 'sale',
    cause: { kind: 'webhook', id: '1', actor: 'zoho' },
    occurredAt: '2026-01-07T10:00:00Z' as StockChanged['occurredAt'],
  });

  it('keeps a hundred thousand of them in less than 160 bytes each, and gives them back', () => {
    const book = new LevelBook();
    const count = 100_000;
    const report = () => {
      throw new Error('nothing is broken');
    };
    for (let n = 0; n < count; n += 1) book.take(event(n), n + 1, report);
    expect(book.size).toBe(count);
    expect(book.bytes / count).toBeLessThan(160);
    for (const n of [0, 1, 1_023, 1_024, 1_535, 1_536, 99_999]) {
      const { itemId, warehouseId } = event(n);
      expect(book.at(book.indexOf({ itemId, warehouseId }))).toEqual({
        revision: 1,
        seq: n + 1,
        quantities: { ...zero, onHand: n },
        provisional: n % 2 === 0,
      });
    }
    expect(book.indexOf({ ...event(1), itemId: itemIdSchema.parse('nothing') })).toBe(-1);
  });
});
