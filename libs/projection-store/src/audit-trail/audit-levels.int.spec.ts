import { driftIdSchema, instantFrom, type StockChanged, streamSeq, zero } from '@tallystream/contracts';
import { encodeCursor } from '../cursor';
import type { Database } from '../database';
import { append, change, DAY, itemId, january, recorded, trails, warehouseId } from '../spec/trail';
import { findAuditEvent } from './audit-event';
import { levelAt, type Moment, positionAt, stockAt } from './audit-levels';

jest.setTimeout(120_000);

const EVENTS = 600;
const items = ['cup', 'ink', 'pen', 'tea', 'urn'];
const warehouses = ['main', 'shop'];

type Move = Readonly<{
  seq: number;
  at: number;
  item: string;
  warehouse: string;
  onHand: number;
  revision: number;
}>;

/** Three at once every six hours, over seven weeks. */
const moves: Move[] = [];
for (let seq = 1; seq <= EVENTS; seq += 1) {
  const item = items[(seq * 7 + (seq >> 3)) % items.length] ?? '';
  const warehouse = warehouses[(seq >> 2) % warehouses.length] ?? '';
  const before = moves.findLast((move) => move.item === item && move.warehouse === warehouse);
  moves.push({
    seq,
    at: january + 2 * DAY + Math.floor((seq - 1) / 3) * (DAY / 4),
    item,
    warehouse,
    onHand: (before?.onHand ?? 0) + (seq % 9) - 4,
    revision: (before?.revision ?? 0) + 1,
  });
}

describe('levels of the past', () => {
  const { fresh, drop } = trails();
  let database: Database;

  beforeAll(async () => {
    database = fresh();
    const events = moves.map(({ seq, at, item, warehouse, onHand, revision }) =>
      recorded(
        seq,
        change({ item, warehouse, rest: { revision, after: { ...zero, onHand }, delta: { onHand: 1 } } }),
        instantFrom(at),
      ),
    );
    await append(database, ...events);
  });
  afterAll(drop);

  const level = (item: string, warehouse: string) => ({
    itemId: itemId(item),
    warehouseId: warehouseId(warehouse),
  });
  const then = async (item: string, warehouse: string, moment: Moment) => {
    const position = await positionAt(database, moment);
    return position && levelAt(database, level(item, warehouse), position);
  };
  const fold = (item: string, warehouse: string, happened: (move: Move) => boolean) =>
    moves.findLast((move) => move.item === item && move.warehouse === warehouse && happened(move));
  const everyLevel = items.flatMap((item) => warehouses.map((warehouse) => [item, warehouse] as const));

  it('are what a fold of the events up to a sequence is', async () => {
    for (let seq = 1; seq <= EVENTS; seq += 13) {
      for (const [item, warehouse] of everyLevel) {
        const expected = fold(item, warehouse, (move) => move.seq <= seq);
        const found = await then(item, warehouse, { seq: streamSeq(seq) });
        expect([seq, item, warehouse, found?.quantities.onHand, found?.revision, found?.event.seq]).toEqual([
          seq,
          item,
          warehouse,
          expected?.onHand,
          expected?.revision,
          expected?.seq,
        ]);
      }
    }
  });

  it('are what a fold of the events recorded up to a time is: at it, before and after it', async () => {
    for (let index = 0; index < EVENTS; index += 29) {
      const { at } = moves[index] ?? { at: 0 };
      for (const time of [at - 1, at, at + 1]) {
        for (const [item, warehouse] of everyLevel.slice(0, 4)) {
          const expected = fold(item, warehouse, (move) => move.at <= time);
          const found = await then(item, warehouse, { time: instantFrom(time) });
          expect([time, found?.event.seq]).toEqual([time, expected?.seq]);
        }
      }
    }
  });

  it('do not exist before the first event', async () => {
    expect(await positionAt(database, { time: instantFrom(january) })).toBeUndefined();
    expect(await then('pen', 'nowhere', { seq: streamSeq(EVENTS) })).toBeUndefined();
  });

  it.each([1, 3, 100])('of a warehouse, %p a page, are each what they were', async (limit) => {
    for (const seq of [1, 5, 40, 333, EVENTS]) {
      const seen: unknown[] = [];
      let cursor: string | undefined;
      do {
        const page = await stockAt(database, warehouseId('main'), { seq: streamSeq(seq) }, { limit, cursor });
        expect(page.at?.seq).toBe(seq);
        expect(page.items.length).toBeLessThanOrEqual(limit);
        seen.push(...page.items.map(({ event, quantities }) => [event.itemId, quantities.onHand]));
        cursor = page.nextCursor ?? undefined;
      } while (cursor);
      const expected = items.flatMap((item) => {
        const move = fold(item, 'main', (candidate) => candidate.seq <= seq);
        return move ? [[item, move.onHand]] : [];
      });
      expect(seen).toEqual(expected);
    }
  });

  it('of a warehouse stay those of the first page, whatever is recorded meanwhile', async () => {
    const trail = fresh();
    const at = (seconds: number) => instantFrom(january + seconds * 1_000);
    const move = (seq: number, item: string, onHand: number) =>
      recorded(seq, change({ item, rest: { after: { ...zero, onHand } } }), at(seq));
    await append(trail, move(1, 'ink', 1), move(2, 'pen', 2));
    const page = (cursor?: string) =>
      stockAt(trail, warehouseId('main'), { time: at(100) }, { limit: 1, cursor });
    const first = await page();
    await append(trail, move(3, 'pen', 3), move(4, 'tea', 4));
    const second = await page(first.nextCursor ?? undefined);
    expect([first, second].map(({ at: position, items }) => [position?.seq, items[0]?.stock])).toEqual([
      [2, 1],
      [2, 2],
    ]);
    expect(second.nextCursor).toBeNull();
  });

  it.each([
    'forged',
    encodeCursor(['pen']),
    encodeCursor(['a.b', 3]),
    encodeCursor(['pen', 11]),
    encodeCursor(['pen', -1]),
  ])('of a warehouse refuse the cursor %p, which is of no page of that moment', async (cursor) => {
    const moment = { seq: streamSeq(10) };
    await expect(stockAt(database, warehouseId('main'), moment, { limit: 1, cursor })).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'cursor' }],
    });
  });

  it('say what could be sold, as reads did then', async () => {
    const trail = fresh();
    const since = instantFrom(january);
    const after = { ...zero, onHand: 10, committed: 3 };
    const states: Partial<StockChanged>[] = [
      { provisional: true },
      { baselineAsOf: since },
      {
        disputed: [
          {
            driftId: driftIdSchema.parse('d'),
            side: 'accounting',
            difference: { onHand: -6 },
            zoho: { onHand: 4 },
            since,
          },
        ],
      },
    ];
    const events = states.map((rest, n) =>
      recorded(n + 1, change({ rest: { revision: n + 1, after, ...rest } })),
    );
    await append(trail, ...events);
    const stock = async (seq: number) =>
      levelAt(trail, level('pen', 'main'), { seq: streamSeq(seq), recordedAt: since });
    expect(await stock(1)).toMatchObject({ stock: null, provisional: true });
    expect(await stock(2)).toMatchObject({ stock: 7, provisional: false, asOf: since });
    expect(await stock(3)).toMatchObject({ stock: 1, disputed: { zoho: 1 } });
  });

  it('have neighbours: the movements right before and after', async () => {
    const of = (index: number) =>
      moves.filter(({ item, warehouse }) => item === 'pen' && warehouse === 'shop').at(index);
    const [first, second, third] = [of(0), of(1), of(2)].map((move) => move?.seq);
    const neighbours = async (seq = 0) => {
      const found = await findAuditEvent(database, streamSeq(seq));
      return [found?.neighbours?.previous?.seq, found?.neighbours?.next?.seq];
    };
    expect(await neighbours(first)).toEqual([undefined, second]);
    expect(await neighbours(second)).toEqual([first, third]);
    expect(await neighbours(of(-1)?.seq)).toEqual([of(-2)?.seq, undefined]);
    expect(await findAuditEvent(database, streamSeq(EVENTS + 1))).toBeUndefined();
  });
});
