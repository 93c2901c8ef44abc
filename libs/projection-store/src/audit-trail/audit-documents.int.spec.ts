import {
  type Cause,
  type DocumentApplied,
  instantFrom,
  type StockEvent,
  streamSeq,
} from '@tallystream/contracts';
import { writeCatalogue } from '../catalogue/catalogue-store';
import { encodeCursor } from '../cursor';
import type { Database } from '../database';
import { append, change, documentId, itemId, january, recorded, trails, warehouseId } from '../spec/trail';
import { listDocumentVersions } from './audit-documents';

jest.setTimeout(120_000);

const minute = (n: number) => instantFrom(january + n * 60_000);
const causedBy = (id: string): Cause => ({ kind: 'webhook', id, actor: 'zoho' });
const level = { itemId: itemId('pen'), warehouseId: warehouseId('main') };
const document = (id: string, version: number) => ({
  type: 'invoice' as const,
  id: documentId(id),
  number: `INV-${id}`,
  version: minute(version),
});

const applied = (id: string, version: number, cause: Cause, rest: Partial<DocumentApplied>): StockEvent => ({
  type: 'DocumentApplied',
  data: {
    document: document(id, version),
    status: 'sent',
    deleted: false,
    outcome: 'applied',
    effectHash: 'e',
    lines: [],
    cause,
    occurredAt: minute(version),
    ...rest,
  },
});
const moved = (id: string, version: number, cause: Cause, onHand: number): StockEvent =>
  change({ rest: { document: document(id, version), cause, delta: { onHand } } });

describe('what one document did', () => {
  const { fresh, drop } = trails();
  let database: Database;

  beforeAll(async () => {
    database = fresh();
    const line = { ...level, effect: { onHand: -3 }, delta: { onHand: -3 }, treatment: 'delta' as const };
    const absorbed = { ...level, effect: { onHand: -9 }, delta: {}, treatment: 'absorbed' as const };
    const events: readonly StockEvent[] = [
      applied('7', 1, causedBy('1'), { lines: [line] }),
      moved('7', 1, causedBy('1'), -3),
      applied('8', 1, causedBy('2'), { lines: [line] }),
      moved('8', 1, causedBy('2'), -3),
      // Twice within one of Zoho's seconds: told apart by what brought them.
      applied('7', 2, causedBy('3'), { lines: [{ ...line, effect: { onHand: -5 }, delta: { onHand: -2 } }] }),
      moved('7', 2, causedBy('3'), -2),
      applied('7', 2, causedBy('4'), { lines: [{ ...line, effect: { onHand: -6 }, delta: { onHand: -1 } }] }),
      moved('7', 2, causedBy('4'), -1),
      applied('7', 3, causedBy('5'), { outcome: 'absorbed', lines: [absorbed] }),
      applied('7', 4, causedBy('6'), { status: 'void', deleted: true, lines: [] }),
    ];
    await append(database, ...events.map((event, n) => recorded(n + 1, event)));
    const cause = { kind: 'sync', id: 'run', actor: 'reconciler' } as const;
    await database.transaction((manager) =>
      writeCatalogue(manager, [
        {
          seq: streamSeq(1),
          event: {
            type: 'ItemCatalogued',
            data: {
              itemId: level.itemId,
              name: 'قلم',
              status: 'active',
              tracksStock: true,
              cause,
              occurredAt: minute(0),
            },
          },
        },
      ]),
    );
  });
  afterAll(drop);

  const versions = (limit = 10, cursor?: string) =>
    listDocumentVersions(database, { type: 'invoice', id: '7', limit, ...(cursor ? { cursor } : {}) });

  it('is every version, with how each level took it and the events that moved them', async () => {
    const { items, nextCursor } = await versions();
    expect(nextCursor).toBeNull();
    expect(
      items.map(({ seq, document: { version }, outcome, movements }) => [
        seq,
        version,
        outcome,
        movements.map((movement) => [movement.seq, movement.delta]),
      ]),
    ).toEqual([
      [1, minute(1), 'applied', [[2, { onHand: -3 }]]],
      [5, minute(2), 'applied', [[6, { onHand: -2 }]]],
      [7, minute(2), 'applied', [[8, { onHand: -1 }]]],
      [9, minute(3), 'absorbed', []],
      [10, minute(4), 'applied', []],
    ]);
    expect(items[3]?.lines).toEqual([
      { ...level, itemName: 'قلم', effect: { onHand: -9 }, delta: {}, treatment: 'absorbed' },
    ]);
    expect(items[4]).toMatchObject({ status: 'void', deleted: true });
  });

  it('comes in pages', async () => {
    const first = await versions(2);
    const second = await versions(2, first.nextCursor ?? '');
    const third = await versions(2, second.nextCursor ?? '');
    expect([first, second, third].map(({ items }) => items.map(({ seq }) => seq))).toEqual([
      [1, 5],
      [7, 9],
      [10],
    ]);
    expect(second.items[0]?.movements).toMatchObject([{ seq: 8 }]);
    expect(third.nextCursor).toBeNull();
  });

  it('is nothing for a document that the trail does not know', async () => {
    expect(await listDocumentVersions(database, { type: 'bill', id: '7', limit: 10 })).toEqual({
      items: [],
      nextCursor: null,
    });
  });

  it.each(['forged', encodeCursor(['1']), encodeCursor([-1])])('refuses the cursor %p', async (cursor) => {
    await expect(versions(2, cursor)).rejects.toMatchObject({ code: 'invalid_request' });
  });
});
