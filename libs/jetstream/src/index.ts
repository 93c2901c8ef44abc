export { type Backlog, backlog } from './backlog';
export { type JetStreamConnection, openConnection } from './connection';
export { probeNats, withConsumers } from './consumer-health';
export { type Durable, durable, durables, pauseDurable, resumeDurable } from './durables';
export * from './errors';
export { JETSTREAM, JetStreamModule } from './jetstream.module';
export { countAfter, countBySubject, type StreamReach, sequenceSince, streamReach } from './positions';
export { provisionStreams } from './provision';
export { MAX_BATCH, type OutgoingMessage, type Published, publish, publishBatch } from './publish';
export { lastMessage, lastMessages, lastSequence, messageAt, messagesAfter, messagesSince } from './read';
export { readStream, type StreamRead } from './read-stream';
export { NotADeadLetter, REDRIVE, REDRIVE_OF, redrive } from './redrive';
export { askReports, type ConsumerReport, type ConsumerStatus } from './reports';
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
export { JetStreamServer } from './transport/jetstream-server';
export { type WatchParts, watch } from './watch';
