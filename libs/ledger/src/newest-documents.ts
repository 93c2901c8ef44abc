import type { DocumentApplied, DocumentId, DocumentType, Instant, Naming } from '@tallystream/contracts';
import {
  type JetStreamConnection,
  lastMessages,
  messagesSince,
  type StreamMessage,
} from '@tallystream/jetstream';
import { storedEvent } from './event-store';

export type DocumentName = Readonly<{ type: DocumentType; id: DocumentId }>;

/** Key of a document in maps and logs: `invoice:982000000567114`. */
export const documentKey = ({ type, id }: Readonly<{ type: string; id: DocumentId }>): string =>
  `${type}:${id}`;

/**
 * The newest version of each of many documents that was taken into account, by `documentKey`; from any replica,
 * so on a replicated stream it may be a moment old. Documents that never were are left out.
 * @throws NatsUnavailable
 */
export const newestDocuments = async (
  connection: JetStreamConnection,
  naming: Naming,
  names: readonly DocumentName[],
): Promise<ReadonlyMap<string, DocumentApplied>> => {
  const subjects = new Set(names.map(({ type, id }) => naming.documentSubject(type, id)));
  const messages = await lastMessages(connection, naming.stream('STOCK'), [...subjects]);
  return new Map(documentsIn(messages).map((applied) => [documentKey(applied.document), applied]));
};

/** Every version of any document that was recorded since a moment of our clock, oldest first. @throws NatsUnavailable */
export const documentsSince = async (
  connection: JetStreamConnection,
  naming: Naming,
  moment: Instant,
): Promise<readonly DocumentApplied[]> =>
  documentsIn(
    await messagesSince(connection, naming.stream('STOCK'), naming.subject('stock.document.>'), moment),
  );

const documentsIn = (messages: readonly StreamMessage[]): readonly DocumentApplied[] =>
  messages.flatMap((message) => {
    const { event } = storedEvent(message);
    return event.type === 'DocumentApplied' ? [event.data] : [];
  });
