export type { Redis } from 'ioredis';
export { acquireLease, type Lease } from './lease';
export { openRedis, redisUnavailable } from './redis';
