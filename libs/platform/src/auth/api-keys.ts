import { createHash } from 'node:crypto';
import type { Config, Role } from '../config/variables';
import { roles } from '../config/variables';

export type Caller = Readonly<{ name: string; role: Role }>;

/** Looks a key up by its hash; the keys themselves are not kept. */
export const apiKeys = (seeds: Config['API_KEYS']): ((key: string) => Caller | undefined) => {
  const byHash = new Map(seeds.map(({ name, role, key }) => [hashOf(key), { name, role }]));
  return (key) => byHash.get(hashOf(key));
};

/** Each role may do what the ones before it may. */
export const isAtLeast = (role: Role, needed: Role): boolean => roles.indexOf(role) >= roles.indexOf(needed);

const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');
