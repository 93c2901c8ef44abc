import { instantFrom, reasons } from '@tallystream/contracts';
import fc from 'fast-check';
import { encodeCursor } from '../cursor';
import type { Database } from '../database';
import { append, change, DAY, itemId, january, recorded, trails, warehouseId } from '../spec/trail';
import type { AuditFilter } from './audit-filter';
import { type AuditPage, listAuditEvents } from './audit-search';

jest.setTimeout(120_000);

const { fresh: freshTrail, drop } = trails();
afterAll(drop);

describe('queries of the audit trail', () => {
  let database: Database;
  const list = (filter: Partial<AuditFilter & AuditPage>) =>
    listAuditEvents(database, { order: 'asc', limit: 100, ...filter });
  const found = async (filter: Partial<AuditFilter>) => (await list(filter)).items.map(({ seq }) => seq);

  beforeAll(async () => {
    database = freshTrail();
    const at = (day: number) => ({ occurredAt: instantFrom(january + day * DAY) });
    await append(
      database,
      recorded(1, change({ item: 'pen', document: '1', ...at(1) })),
      recorded(2, change({ item: 'ink', document: '1', ...at(2) })),
      recorded(3, change({ item: 'pen', warehouse: 'shop', document: '2', ...at(3) })),
      recorded(
        4,
        change({
          ...at(4),
          rest: { reason: 'observation', cause: { kind: 'observation', id: 'o:1', actor: 'reconciler' } },
        }),
      ),
      recorded(5, change({ ...at(5), rest: { cause: { kind: 'webhook', id: '4712', actor: 'zoho' } } })),
    );
  });

  it.each<[string, Partial<AuditFilter>, readonly number[]]>([
    ['nothing', {}, [1, 2, 3, 4, 5]],
    ['item', { item: itemId('pen') }, [1, 3, 4, 5]],
    ['warehouse', { warehouse: warehouseId('shop') }, [3]],
    ['item and warehouse', { item: itemId('pen'), warehouse: warehouseId('main') }, [1, 4, 5]],
    ['document', { document: { type: 'invoice', id: '1' } }, [1, 2]],
    ['document of another type', { document: { type: 'bill', id: '1' } }, []],
    ['reason', { reason: 'observation' }, [4]],
    ['kind of cause', { cause: { kind: 'webhook' } }, [1, 2, 3, 5]],
    ['cause', { cause: { kind: 'webhook', id: '4712' } }, [5]],
    ['actor', { actor: 'reconciler' }, [4]],
    ['time, from', { from: instantFrom(january + 3 * DAY) }, [3, 4, 5]],
    ['time, to', { to: instantFrom(january + 3 * DAY) }, [1, 2]],
    ['both times', { from: instantFrom(january + 2 * DAY), to: instantFrom(january + 4 * DAY) }, [2, 3]],
  ])('by %s', async (_by, filter, expected) => {
    expect(await found(filter)).toEqual(expected);
    expect(await found({ ...filter, order: 'desc' })).toEqual([...expected].reverse());
  });

  it.each(['asc', 'desc'] as const)('%s, page by page, with and without a filter', async (order) => {
    for (const filter of [{}, { item: itemId('pen') }]) {
      const seen: number[] = [];
      let cursor: string | null | undefined;
      do {
        const page = await list({ ...filter, order, limit: 2, ...(cursor ? { cursor } : {}) });
        seen.push(...page.items.map(({ seq }) => seq));
        cursor = page.nextCursor;
      } while (cursor);
      expect(seen).toEqual(await found({ ...filter, order }));
    }
  });

  it.each(['forged', 'W10', encodeCursor(['1']), encodeCursor([1.5]), encodeCursor([1, 2])])(
    'refuse the cursor %p, which they did not give out',
    async (cursor) => {
      await expect(list({ cursor })).rejects.toMatchObject({ code: 'invalid_request' });
    },
  );
});

describe('any filters together, over several blocks of the trail', () => {
  const EVENTS = 4_000;
  const [items, warehouses, actors] = [
    ['pen', 'ink', 'cup'],
    ['main', 'shop'],
    ['zoho', 'reconciler', 'alice'],
  ];
  const kinds = ['webhook', 'sync', 'drift'] as const;
  const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;
  /** What is rare is in one block only; a few happened long before they were recorded. */
  const all = Array.from({ length: EVENTS }, (_, index) => {
    const seq = index + 1;
    const recordedAt = january + 20 * DAY + seq * 300_000;
    const isLate = seq % 97 === 0;
    return {
      seq,
      recordedAt,
      item: pick(items, seq * 7 + (seq >> 3)),
      warehouse: pick(warehouses, seq >> 2),
      reason: seq > 2_000 && seq < 2_010 ? ('void' as const) : pick(reasons.slice(0, 3), seq),
      kind: pick(kinds, seq >> 4),
      actor: seq > 3_900 ? 'alice' : pick(actors.slice(0, 2), seq >> 1),
      occurredAt: recordedAt - (isLate ? 9 * DAY : 1_000),
    };
  });
  let database: Database;

  beforeAll(async () => {
    database = freshTrail();
    const events = all.map(({ seq, item, warehouse, reason, kind, actor, occurredAt, recordedAt }) =>
      recorded(
        seq,
        change({
          item,
          warehouse,
          occurredAt: instantFrom(occurredAt),
          rest: { reason, cause: { kind, id: `c${seq % 5}`, actor } },
        }),
        instantFrom(recordedAt),
      ),
    );
    for (let from = 0; from < EVENTS; from += 1_000)
      await append(database, ...events.slice(from, from + 1_000));
  });

  const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
  const moment = maybe(fc.integer({ min: january + 10 * DAY, max: january + 36 * DAY }));
  const filters = fc.record({
    item: maybe(fc.constantFrom(...items)),
    warehouse: maybe(fc.constantFrom(...warehouses)),
    reason: maybe(fc.constantFrom('sale', 'sale_commitment', 'void')),
    kind: maybe(fc.constantFrom(...kinds)),
    actor: maybe(fc.constantFrom(...actors)),
    from: moment,
    to: moment,
    order: fc.constantFrom('asc' as const, 'desc' as const),
    limit: fc.constantFrom(1, 7, 50, 500),
    after: maybe(fc.integer({ min: 1, max: EVENTS })),
  });

  type Given = typeof filters extends fc.Arbitrary<infer T> ? T : never;

  it('find what a walk over all of it finds, page by page', async () => {
    const check = async (given: Given): Promise<void> => {
      const { item, warehouse, reason, kind, actor, from, to, order, limit, after } = given;
      const fits = all.filter(
        (event) =>
          (!item || event.item === item) &&
          (!warehouse || event.warehouse === warehouse) &&
          (!reason || event.reason === reason) &&
          (!kind || event.kind === kind) &&
          (!actor || event.actor === actor) &&
          (from === undefined || event.occurredAt >= from) &&
          (to === undefined || event.occurredAt < to) &&
          (after === undefined || (order === 'asc' ? event.seq > after : event.seq < after)),
      );
      const expected = (order === 'asc' ? fits : fits.reverse()).map(({ seq }) => seq);
      const page = await listAuditEvents(database, {
        ...(item ? { item: itemId(item) } : {}),
        ...(warehouse ? { warehouse: warehouseId(warehouse) } : {}),
        ...(reason ? { reason } : {}),
        ...(kind ? { cause: { kind } } : {}),
        ...(actor ? { actor } : {}),
        ...(from === undefined ? {} : { from: instantFrom(from) }),
        ...(to === undefined ? {} : { to: instantFrom(to) }),
        ...(after === undefined ? {} : { cursor: encodeCursor([after]) }),
        order,
        limit,
      });
      expect(page.items.map(({ seq }) => seq)).toEqual(expected.slice(0, limit));
      const last = expected[limit - 1];
      expect(page.nextCursor).toBe(expected.length > limit && last ? encodeCursor([last]) : null);
    };
    await fc.assert(fc.asyncProperty(filters, check), { numRuns: 300 });
  });
});
