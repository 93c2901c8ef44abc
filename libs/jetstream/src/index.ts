export { probeNats, withConsumers } from './consumer-health';
export * from './core';
export { JETSTREAM, JetStreamModule } from './jetstream.module';
export { newestMessages } from './newest-messages';
export { type ProjectionProgress, projectionProgress } from './projection-progress';
export { HistoryLost } from './transport/batch-loop';
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
