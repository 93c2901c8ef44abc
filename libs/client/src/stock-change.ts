import {
  decodeEvent,
  forSale,
  type Instant,
  readLevel,
  type StockChanged,
  type StreamSeq,
  UnreadableEvent,
} from '@tallystream/contracts';
import type { StreamMessage } from '@tallystream/jetstream/core';

/**
 * A level moved: the event `StockChanged` as docs/events.md describes it (quantities in units of the item), in its
 * newest version whichever it was written in, and what is known of it from outside.
 */
export type StockChange = StockChanged &
  Readonly<{
    /**
     * Its position in the stream, which rises from change to change, with gaps. It is the same in every delivery:
     * keep the last one beside what you made of it, and pass over what is not above it.
     */
    seq: StreamSeq;
    /** What can be sold after it, as reads of the level say; null when that is not known: never 0 then. */
    stock: number | null;
    /** When the stream took it, by the clock of NATS; `occurredAt` is Zoho's time. */
    recordedAt: Instant;
  }>;

/**
 * Nothing for an event that is no change of a level.
 * @throws UnreadableEvent for a version that this program does not know, or data that no version has
 */
export const stockChangeOf = (message: StreamMessage): StockChange | undefined => {
  const ceType = message.header('ce-type');
  if (ceType === undefined) throw new UnreadableEvent(`message ${message.seq} has no ce-type`);
  const event = decodeEvent(ceType, message.data);
  if (event.type !== 'StockChanged') return undefined;
  const stock = forSale(readLevel(event.data));
  return { ...event.data, seq: message.seq, stock, recordedAt: message.storedAt };
};
