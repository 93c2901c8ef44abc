import {
  encodeEvent,
  instantFrom,
  itemIdSchema,
  type StockChanged,
  streamSeq,
  warehouseIdSchema,
  zero,
} from '@tallystream/contracts';
import { changeRing } from '../change-ring';
import { type LoggedChange, loggedChange } from '../logged-change';

/** A change of `item@warehouse`, as it lies in the stream. */
export const changeAt = (seq: number, level: string, event: Partial<StockChanged> = {}): LoggedChange => {
  const [item = '', warehouse = ''] = level.split('@');
  const data: StockChanged = {
    itemId: itemIdSchema.parse(item),
    warehouseId: warehouseIdSchema.parse(warehouse),
    revision: 2,
    delta: { onHand: -1 },
    after: { ...zero, onHand: 9 },
    provisional: false,
    reason: 'sale',
    cause: { kind: 'webhook', id: '1', actor: 'zoho' },
    occurredAt: instantFrom(0),
    ...event,
  };
  const encoded = encodeEvent({ type: 'StockChanged', data }, { id: String(seq), time: instantFrom(0) });
  return messageAt(seq, level, encoded.headers['ce-type'], encoded.data);
};

/** Something that no version of ours can read. */
export const unreadableAt = (seq: number, level: string): LoggedChange =>
  messageAt(seq, level, 'com.tallystream.stock.changed.v99', Buffer.from('{}'));

const messageAt = (seq: number, level: string, type: string | undefined, data: Uint8Array): LoggedChange =>
  loggedChange({
    seq: streamSeq(seq),
    subject: `stock.changed.${level.split('@').reverse().join('.')}`,
    header: (name) => (name === 'ce-type' ? type : undefined),
    headers: () => ({}),
    data,
    storedAt: instantFrom(0),
  });

/** A log that is in memory altogether. */
export const logInMemory = () => {
  const ring = changeRing(0, 1_000_000);
  const listeners = new Set<() => void>();
  return {
    add: (...changes: readonly LoggedChange[]): void => {
      for (const change of changes) ring.add(change);
      for (const listener of listeners) listener();
    },
    listeners,
    head: async () => streamSeq(ring.head()),
    existing: async (position: number) => streamSeq(position),
    page: async (...asked: Parameters<typeof ring.page>) => ring.page(...asked),
    onNews: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
