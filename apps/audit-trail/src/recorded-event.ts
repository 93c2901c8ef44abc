import type { StreamMessage } from '@tallystream/jetstream';
import { storedEvent } from '@tallystream/ledger';
import type { RecordedEvent } from '@tallystream/projection-store';

/** A message of the ledger, with what the chain is over. @throws UnreadableEvent */
export const recordedEventOf = (message: StreamMessage): RecordedEvent => ({
  seq: message.seq,
  subject: message.subject,
  id: message.header('ce-id') ?? '',
  ceType: message.header('ce-type') ?? '',
  event: storedEvent(message).event,
  data: message.data,
  storedAt: message.storedAt,
});
