export * from './eventually';
export * from './test-servers';
