import type Redis from 'ioredis';

/** The Redis that all replicas of all apps share. */
export type SharedRedis = Redis;
