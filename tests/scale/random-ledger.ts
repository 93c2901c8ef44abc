import { randomUUID } from 'node:crypto';
import {
  documentIdSchema,
  encodeEvent,
  instantFrom,
  itemIdSchema,
  type LevelRef,
  type Naming,
  type StockChanged,
  warehouseIdSchema,
} from '@tallystream/contracts';
import { type JetStreamConnection, MAX_BATCH, publishBatch } from '@tallystream/jetstream/core';
import type { Random } from '../random';

export const WAREHOUSES = ['2646610000000077024', '2646610000000077025', '2646610000000077026'].map((id) =>
  warehouseIdSchema.parse(id),
);
const ITEMS = Array.from({ length: 500 }, (_, n) =>
  itemIdSchema.parse(`26466100007${String(n).padStart(8, '0')}`),
);
export const LEVELS: readonly LevelRef[] = ITEMS.flatMap((itemId) =>
  WAREHOUSES.map((warehouseId) => ({ itemId, warehouseId })),
);

/** What a spreadsheet would run, as numbers of documents; people give them. */
export const FORMULAS = ['=HYPERLINK("http://127.0.0.1")', '+1+1', '-2+3', '@SUM(A1)', 'فاتورة-7'];

const BEGUN = Date.UTC(2026, 0, 7);

/** A ledger of sales and purchases, one piece to nine of one level at a time, in a random order. */
export const recordSales = async (
  connection: JetStreamConnection,
  naming: Naming,
  { count, random }: Readonly<{ count: number; random: Random }>,
): Promise<void> => {
  const state = LEVELS.map(() => ({ revision: 0, onHand: 1_000 }));
  for (let sent = 0; sent < count; ) {
    const size = Math.min(MAX_BATCH, count - sent);
    const batch = Array.from({ length: size }, (_, place) => {
      const which = random.below(LEVELS.length);
      const [ref, level] = [LEVELS[which], state[which]];
      if (!ref || !level) throw new Error(`there is no level ${which}`);
      const pieces = random.below(19) - 9;
      level.revision += 1;
      level.onHand += pieces;
      const data = saleOf(ref, { ...level, pieces, n: sent + place });
      const event = encodeEvent({ type: 'StockChanged', data }, { id: randomUUID(), time: data.occurredAt });
      return { subject: naming.levelSubject(ref), ...event };
    });
    await publishBatch(connection, batch);
    sent += size;
  }
};

const saleOf = (
  { itemId, warehouseId }: LevelRef,
  { revision, onHand, pieces, n }: Readonly<{ revision: number; onHand: number; pieces: number; n: number }>,
): StockChanged => {
  const occurredAt = instantFrom(BEGUN + n * 1_000);
  const document = {
    type: 'invoice' as const,
    id: documentIdSchema.parse(String(2_646_610_001 + n)),
    number: FORMULAS[n % FORMULAS.length] ?? '',
    version: occurredAt,
  };
  return {
    itemId,
    warehouseId,
    revision,
    delta: { onHand: pieces },
    after: { onHand, committed: 0, physicalOnHand: 0, physicalCommitted: 0, inTransit: 0, reserved: 0 },
    provisional: false,
    reason: 'sale',
    document,
    cause: { kind: 'webhook', id: String(n + 1), actor: 'zoho' },
    occurredAt,
  };
};
