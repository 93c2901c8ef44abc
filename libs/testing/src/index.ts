export * from './audit-rows';
export * from './eventually';
export * from './test-servers';
