export { probeNats, withConsumers } from './consumer-health';
export { type ConsumerLag, consumerLags } from './consumer-lag';
export * from './core';
export { JETSTREAM, JetStreamModule } from './jetstream.module';
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
