import type { StreamMessage } from '@tallystream/jetstream';
import { storedEvent } from '@tallystream/ledger';
import type { LevelEvent } from '@tallystream/redis';

/** What a message of the ledger says of a level; nothing when it is about something else. */
export const levelEventOf = (message: StreamMessage): readonly LevelEvent[] => {
  const { event, seq } = storedEvent(message);
  return event.type === 'StockChanged' ? [{ data: event.data, seq }] : [];
};
