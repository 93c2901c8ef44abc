import { type ItemId, type LevelRef, type Naming, type StreamSeq } from '@tallystream/contracts';
import { evolve, type Level, unknownLevel } from '@tallystream/domain';
import { type JetStreamConnection, lastMessages } from '@tallystream/jetstream';
import { storedEvent } from './event-store';

export type StoredLevel = Readonly<{ ref: LevelRef; level: Level; seq: StreamSeq }>;

/** An item may lie in this many warehouses: nats-server answers with 1,024 messages at most. */
const MAX_WAREHOUSES = 32;
const ITEMS_A_REQUEST = Math.floor(1_024 / MAX_WAREHOUSES);

/**
 * The newest state of every level of some items, from any replica: on a replicated stream it may be a moment
 * old. Items without a level are left out. @throws NatsUnavailable
 */
export const levelsOfItems = async (
  connection: JetStreamConnection,
  naming: Naming,
  items: readonly ItemId[],
): Promise<ReadonlyMap<ItemId, readonly StoredLevel[]>> => {
  const levels = new Map<ItemId, StoredLevel[]>();
  for (let from = 0; from < items.length; from += ITEMS_A_REQUEST) {
    const subjects = items.slice(from, from + ITEMS_A_REQUEST).map(naming.levelsSubject);
    for (const message of await lastMessages(connection, naming.stream('STOCK'), subjects)) {
      const { event, seq } = storedEvent(message);
      if (event.type !== 'StockChanged') continue;
      const { itemId, warehouseId } = event.data;
      const stored = { ref: { itemId, warehouseId }, level: evolve(unknownLevel, event.data), seq };
      levels.set(itemId, [...(levels.get(itemId) ?? []), stored]);
    }
  }
  return levels;
};
