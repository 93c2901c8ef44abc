export * from './audit-rows';
export * from './eventually';
export * from './nats-options';
export * from './test-servers';
