import {
  type CatalogueEvent,
  decodeCatalogueEvent,
  type StreamSeq,
  UnreadableEvent,
} from '@tallystream/contracts';
import type { StreamMessage } from '@tallystream/jetstream';

export type StoredCatalogueEvent = Readonly<{ event: CatalogueEvent; seq: StreamSeq }>;

/** @throws UnreadableEvent */
export const storedCatalogueEvent = (message: StreamMessage): StoredCatalogueEvent => {
  const type = message.header('ce-type');
  if (!type) throw new UnreadableEvent(`message ${message.seq} of ${message.subject} has no ce-type`);
  return { event: decodeCatalogueEvent(type, message.data), seq: message.seq };
};
