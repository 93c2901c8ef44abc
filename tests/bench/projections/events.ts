import { randomUUID } from 'node:crypto';
import {
  encodeEvent,
  instantFrom,
  itemIdSchema,
  namingFor,
  type StockChanged,
  warehouseIdSchema,
} from '@tallystream/contracts';
import { MAX_BATCH, openConnection, provisionStreams, publishBatch } from '@tallystream/jetstream/core';

const LEVELS = 2_000;
const quiet = { info: () => undefined, warn: () => undefined };

/** A ledger of sales, round and round over the items. @returns how many levels there are */
export const recordSales = async (natsUrl: string, namespace: string, events: number): Promise<number> => {
  const naming = namingFor(namespace);
  const connection = openConnection({ url: natsUrl, name: 'bench' }, quiet);
  await connection.ready();
  await provisionStreams(connection, naming);
  for (let next = 0; next < events; next += MAX_BATCH) {
    const batch = Array.from({ length: Math.min(MAX_BATCH, events - next) }, (_, n) => {
      const data = saleAt(next + n);
      const event = encodeEvent({ type: 'StockChanged', data }, { id: randomUUID(), time: data.occurredAt });
      return { subject: naming.levelSubject(data), ...event };
    });
    await publishBatch(connection, batch);
  }
  await connection.close();
  return Math.min(LEVELS, events);
};

const warehouseId = warehouseIdSchema.parse('2646610000000077024');

const saleAt = (n: number): StockChanged => {
  const occurredAt = instantFrom(Date.UTC(2026, 0, 7) + n * 10);
  const onHand = 1_000_000 - n;
  return {
    itemId: itemIdSchema.parse(String(2_646_610_000_000_109_854n + BigInt(n % LEVELS))),
    warehouseId,
    sku: `PROD-${n % LEVELS}`,
    revision: Math.floor(n / LEVELS) + 1,
    delta: { onHand: -1 },
    after: { onHand, committed: 4, physicalOnHand: onHand, physicalCommitted: 3, inTransit: 0, reserved: 0 },
    provisional: false,
    baselineAsOf: occurredAt,
    reason: 'sale',
    document: {
      type: 'invoice',
      id: String(2_646_610_000_012_345_678n + BigInt(n)) as never,
      number: `INV-${n}`,
      version: occurredAt,
    },
    cause: { kind: 'webhook', id: String(n), actor: 'zoho' },
    occurredAt,
  };
};
