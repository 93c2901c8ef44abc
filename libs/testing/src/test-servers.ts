import { randomBytes } from 'node:crypto';
import { type Naming, namingFor } from '@tallystream/contracts';

const needed = (name: string): string => {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`${name} is not set: run this tier with "npm run test:int" or "npm run test:e2e"`);
};

/** The real servers of this test run, started once for all. */
export const testServers = () => ({
  natsUrl: needed('NATS_URL'),
  databaseUrl: needed('DATABASE_URL'),
  redisUrl: needed('REDIS_URL'),
});

/** A namespace of its own for a test file, so that files can run side by side on the same servers. */
export const freshNaming = (): Naming => namingFor(`t${randomBytes(6).toString('hex')}`);
