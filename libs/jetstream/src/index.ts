export { announce } from './announce';
export { probeNats, probeStream, withConsumers } from './consumer-health';
export { type ConsumerLag, consumerLags, type NamedConsumers } from './consumer-lag';
export * from './core';
export { type Durable, durable, durables, pauseDurable, resumeDurable } from './durables';
export { JETSTREAM, JetStreamModule } from './jetstream.module';
export { watchLags } from './lag-metrics';
export { newestMessages } from './newest-messages';
export { countAfter, countBySubject, type StreamReach, sequenceSince, streamReach } from './positions';
export { type ProjectionProgress, projectionProgress } from './projection-progress';
export { readStream, type StreamRead } from './read-stream';
export { askReports, type ConsumerReport, type ConsumerStatus } from './reports';
export { HistoryLost } from './transport/batch-loop';
export { passingReasons } from './transport/dead-reason';
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
