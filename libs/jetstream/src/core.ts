// The door for programs without Nest (ADR 0013): NATS itself, and nothing that imports @nestjs.

export { type Backlog, backlog } from './backlog';
export { type JetStreamConnection, openConnection } from './connection';
export * from './errors';
export { lastMessagesNow } from './last-messages-now';
export { provisionStreams } from './provision';
export { MAX_BATCH, type OutgoingMessage, type Published, publish, publishBatch } from './publish';
export { publishTogether } from './publish-together';
export {
  lastMessage,
  lastMessages,
  lastSequence,
  messageAt,
  messagesAfter,
  messagesBack,
  messagesSince,
} from './read';
export { NotADeadLetter, OriginalGone, REDRIVE, REDRIVE_OF, redrive } from './redrive';
export { restoreStream, type SavedStream, saveStream } from './stream-backup';
export { type BatchesOf, type StreamBatch, streamBatches } from './stream-batches';
export type { StreamMessage } from './stream-message';
export { type StartAt, type SubscriptionParts, subscribe } from './subscribe';
export {
  DeadLetter,
  type Delivery,
  deadLetterHeaders,
  defaultRetryTiming,
  IN_STREAM,
  type RetryTiming,
} from './transport/delivery';
export { type WatchParts, watch } from './watch';
