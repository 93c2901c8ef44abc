export * from './errors';
export * from './events/envelope';
export * from './events/stock-events';
export * from './ids';
export * from './instant';
export * from './naming';
export * from './quantities';
export * from './webhook-outcome';
