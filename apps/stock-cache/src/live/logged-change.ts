import type { ItemId, LevelRef, StreamSeq, WarehouseId } from '@tallystream/contracts';
import type { StreamMessage } from '@tallystream/jetstream';
import { type ReadChange, readChange } from './stock-change';

/** A change as it waits for whoever wants it. It is read when first asked for: often nobody does. */
export type LoggedChange = LevelRef &
  Readonly<{
    seq: StreamSeq;
    /** @throws UnreadableEvent */
    read: () => ReadChange;
  }>;

export const loggedChange = (message: StreamMessage): LoggedChange => {
  const { seq, subject, storedAt } = message;
  const ceType = message.header('ce-type');
  // The client's own is a view of all that came over the network together, and would keep that alive.
  const data = Uint8Array.from(message.data);
  const [warehouseId, itemId] = subject.split('.').slice(-2);
  let known: ReadChange | undefined;
  const read = (): ReadChange => {
    known ??= readChange({ seq, subject, ceType, data, storedAt });
    return known;
  };
  // Ids are compared with what is wished for, and shown from the event only.
  return { seq, itemId: itemId as ItemId, warehouseId: warehouseId as WarehouseId, read };
};

/** Changes up to one that cannot be read, and why it cannot: a reader stops there, and never skips it. */
export const readInOrder = (
  changes: readonly LoggedChange[],
): Readonly<{ read: readonly ReadChange[]; stoppedBy?: unknown }> => {
  const read: ReadChange[] = [];
  for (const change of changes) {
    try {
      read.push(change.read());
    } catch (stoppedBy) {
      return { read, stoppedBy };
    }
  }
  return { read };
};
