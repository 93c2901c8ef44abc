import { natsOptions } from '@tallystream/testing';
import { connect } from 'nats';
import type { TrueLevel } from './simulator';
import type { Stores } from './stores';
import type { System } from './system';

/** Levels as lines that can be compared: item, warehouse, and what is there by each way of counting. */
export const asLines = (levels: readonly TrueLevel[]): readonly string[] =>
  levels
    .map(({ itemId, warehouseId, onHand, committed, physicalOnHand, physicalCommitted, inTransit }) =>
      [itemId, warehouseId, onHand, committed, physicalOnHand, physicalCommitted, inTransit].join(' '),
    )
    .sort();

/** What Postgres has, read as another program would. */
export const storedLevels = async (stores: Stores): Promise<readonly TrueLevel[]> =>
  (await stores.balances()).map((row) => ({
    itemId: row.item_id,
    warehouseId: row.warehouse_id,
    onHand: Number(row.on_hand),
    committed: Number(row.committed),
    physicalOnHand: Number(row.physical_on_hand),
    physicalCommitted: Number(row.physical_committed),
    inTransit: Number(row.in_transit),
  }));

/** What Zoho said of an item: when it said so, by its own clock, and when we had it, by that of NATS. */
export type Snapshot = Readonly<{ itemId: string; asOf: number; storedAt: number; runId: string }>;

/** Every snapshot that is kept, in the order in which they came. */
export const snapshotsOf = async ({ servers, naming }: Pick<System, 'servers' | 'naming'>) => {
  const nats = await connect(natsOptions(servers.natsUrl));
  try {
    const stream = naming.stream('ZOHO_SNAPSHOTS');
    const { messages, last_seq: last } = (await (await nats.jetstreamManager()).streams.info(stream)).state;
    const snapshots: Snapshot[] = [];
    if (messages === 0) return snapshots;
    const consumer = await nats.jetstream().consumers.get(stream);
    for await (const message of await consumer.consume({ max_messages: 5_000 })) {
      const [runId = '', itemId = ''] = message.subject.split('.').slice(-2);
      const asOf = Date.parse(message.headers?.get('Tally-As-Of') ?? '');
      snapshots.push({ itemId, runId, asOf, storedAt: message.info.timestampNanos / 1e6 });
      if (message.seq >= last) break;
    }
    return snapshots;
  } finally {
    await nats.close();
  }
};
