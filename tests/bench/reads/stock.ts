import { randomUUID } from 'node:crypto';
import { encodeEvent, instantFrom, namingFor, type StockChanged } from '@tallystream/contracts';
import { MAX_BATCH, openConnection, provisionStreams, publishBatch } from '@tallystream/jetstream/core';
import { ITEMS, WAREHOUSE } from './requests';

const quiet = { info: () => undefined, warn: () => undefined };

/** A ledger with one level of each item, as an observation leaves it. */
export const recordStock = async (natsUrl: string, namespace: string): Promise<void> => {
  const naming = namingFor(namespace);
  const connection = openConnection({ url: natsUrl, name: 'bench' }, quiet);
  await connection.ready();
  await provisionStreams(connection, naming);
  const messages = ITEMS.map((_, n) => {
    const data = levelOf(n);
    const event = encodeEvent({ type: 'StockChanged', data }, { id: randomUUID(), time: data.occurredAt });
    return { subject: naming.levelSubject(data), ...event };
  });
  for (let next = 0; next < messages.length; next += MAX_BATCH) {
    await publishBatch(connection, messages.slice(next, next + MAX_BATCH));
  }
  await connection.close();
};

const levelOf = (n: number): StockChanged => {
  const asOf = instantFrom(Date.UTC(2026, 0, 7) + n * 1_000);
  const quantities = {
    onHand: 120 + (n % 500),
    committed: n % 7,
    physicalOnHand: 121 + (n % 500),
    physicalCommitted: n % 5,
    inTransit: n % 3,
    reserved: 0,
  };
  return {
    itemId: ITEMS[n] ?? ITEMS[0] ?? missing(),
    warehouseId: WAREHOUSE,
    revision: 1,
    delta: quantities,
    after: quantities,
    provisional: false,
    baselineAsOf: asOf,
    reason: 'observation',
    cause: { kind: 'sync', id: 'bench', actor: 'bench' },
    occurredAt: asOf,
  };
};

const missing = (): never => {
  throw new Error('there are no items');
};
