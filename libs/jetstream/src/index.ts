export { type Backlog, backlog } from './backlog';
export { type JetStreamConnection, openConnection } from './connection';
export { probeNats, withConsumers } from './consumer-health';
export { type ConsumerLag, consumerLags } from './consumer-lag';
export * from './errors';
export { JETSTREAM, JetStreamModule } from './jetstream.module';
export { provisionStreams } from './provision';
export { MAX_BATCH, type OutgoingMessage, type Published, publish, publishBatch } from './publish';
export { lastMessage, lastMessages, lastSequence, messageAt, messagesAfter, messagesSince } from './read';
export { NotADeadLetter, REDRIVE, REDRIVE_OF, redrive } from './redrive';
export { restoreStream, type SavedStream, saveStream } from './stream-backup';
export { type BatchesOf, type StreamBatch, streamBatches } from './stream-batches';
export type { StreamMessage } from './stream-message';
export { HistoryLost } from './transport/batch-loop';
export {
  DeadLetter,
  type Delivery,
  deadLetterHeaders,
  defaultRetryTiming,
  type RetryTiming,
} from './transport/delivery';
export {
  type BatchConsumer,
  type MessageConsumer,
  OnBatch,
  OnMessage,
  OnStart,
  OnTurn,
  type StartPosition,
  type Turn,
} from './transport/handlers';
export { type ConsumerStatus, JetStreamServer } from './transport/jetstream-server';
export { type WatchParts, watch } from './watch';
