import { randomUUID } from 'node:crypto';
import {
  type DocumentId,
  type DocumentType,
  type DriftId,
  decodeEvent,
  encodeEvent,
  type Instant,
  type LevelRef,
  millisOf,
  type Naming,
  type RunId,
  type StockEvent,
  type StreamSeq,
  UnreadableEvent,
} from '@tallystream/contracts';
import {
  CommitConflict,
  type JetStreamConnection,
  lastMessage,
  lastMessages,
  lastMessagesNow,
  messagesBack,
  type OutgoingMessage,
  publishBatch,
  type StreamMessage,
} from '@tallystream/jetstream';
import { commitSeconds, committed, conflicts } from './metrics';
import { subjectOf } from './subject-of';

/** The stream `STOCK` as a store of events, by aggregate: one literal subject each. */
export type EventStore = Readonly<{
  levelSubject: (ref: LevelRef) => string;
  documentSubject: (type: DocumentType, id: DocumentId) => string;
  runSubject: (id: RunId) => string;
  driftSubject: (id: DriftId) => string;
  subjectOf: (event: StockEvent) => string;
  /** The newest event of an aggregate with its sequence, read through the leader. */
  newest: (subject: string) => Promise<StoredEvent | undefined>;
  /** The newest events of many aggregates, none older than the leader's when it was asked. */
  newestNow: (subjects: readonly string[]) => Promise<ReadonlyMap<string, StoredEvent>>;
  /** The newest events of many aggregates, from any replica: to be committed on with expectations only. */
  newestOf: (subjects: readonly string[]) => Promise<ReadonlyMap<string, StoredEvent>>;
  /** An aggregate's events recorded since a moment and up to a sequence, which is one of its own; oldest first. */
  since: (subject: string, moment: Instant, upTo: number) => Promise<readonly StoredEvent[]>;
  /** An aggregate's last events, oldest first. */
  last: (subject: string, count: number) => Promise<readonly StoredEvent[]>;
  /** All or none. @returns the sequence of the last one */
  append: (events: readonly EventToAppend[]) => Promise<StreamSeq>;
}>;

export type EventToAppend = Readonly<{
  event: StockEvent;
  /** The one that `subjectOf` gives. */
  subject: string;
  /** On a subject's first event: the sequence that its newest one must still have (0: none). */
  after?: Readonly<{ seq: number }>;
  origin?: Origin;
}>;

/** Where an event comes from, as far as its headers tell. */
export type Origin = Readonly<{
  /** W3C trace context of what caused it. */
  traceparent?: string;
  /** When the webhook that caused it was stored in the inbox. */
  receivedAt?: Instant;
}>;

export type StoredEvent = Readonly<{ event: StockEvent; seq: StreamSeq; storedAt: Instant }>;

export const openEventStore = (
  connection: JetStreamConnection,
  naming: Naming,
  now: () => number,
): EventStore => {
  const stream = naming.stream('STOCK');
  return {
    levelSubject: naming.levelSubject,
    documentSubject: naming.documentSubject,
    runSubject: naming.runSubject,
    driftSubject: naming.driftSubject,
    subjectOf: (event) => subjectOf(event, naming),
    newest: async (subject) => {
      const message = await lastMessage(connection, stream, subject);
      return message && storedEvent(message);
    },
    newestNow: async (subjects) => bySubject(await lastMessagesNow(connection, stream, subjects)),
    newestOf: async (subjects) => bySubject(await lastMessages(connection, stream, subjects)),
    since: async (subject, moment, upTo) => {
      const found: StoredEvent[] = [];
      for await (const message of messagesBack(connection, stream, { subject, from: upTo, since: moment })) {
        if (millisOf(message.storedAt) < millisOf(moment)) break;
        found.push(storedEvent(message));
      }
      return found.reverse();
    },
    last: async (subject, count) => {
      const newest = await lastMessage(connection, stream, subject);
      const found: StoredEvent[] = [];
      for await (const message of messagesBack(connection, stream, { subject, from: newest?.seq ?? 0 })) {
        found.push(storedEvent(message));
        if (found.length === count) break;
      }
      return found.reverse();
    },
    append: async (events) => {
      const end = commitSeconds.startTimer();
      const time = new Date(now()).toISOString();
      try {
        const last = await publishBatch(connection, encoded(events, time));
        end();
        for (const { event } of events) committed.inc({ type: event.type });
        return last;
      } catch (error) {
        if (error instanceof CommitConflict) conflicts.inc();
        throw error;
      }
    },
  };
};

function* encoded(events: readonly EventToAppend[], time: string): Generator<OutgoingMessage> {
  for (const { event, subject, after, origin } of events) {
    const { headers, data } = encodeEvent(event, { id: randomUUID(), time, ...origin });
    yield { subject, headers, data, ...(after ? { expectedSubjectSeq: after.seq } : {}) };
  }
}

const bySubject = (messages: readonly StreamMessage[]): ReadonlyMap<string, StoredEvent> =>
  new Map(messages.map((message) => [message.subject, storedEvent(message)]));

/** @throws UnreadableEvent */
export const storedEvent = (message: StreamMessage): StoredEvent => {
  const type = message.header('ce-type');
  if (!type) throw new UnreadableEvent(`message ${message.seq} of ${message.subject} has no ce-type`);
  return { event: decodeEvent(type, message.data), seq: message.seq, storedAt: message.storedAt };
};
