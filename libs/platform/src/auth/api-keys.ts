import { hash } from 'node:crypto';
import type { Config } from '../config/variables';
import type { Caller } from './caller';

/**
 * What is kept of a key. A key is random and long, unlike a password: nobody can try them all, so a fast hash
 * does. Who looks a hash up learns nothing about the keys that are near it from how long that takes.
 */
export const hashOfKey = (key: string): string => hash('sha256', key, 'base64');

/** Looks a key of the environment up by its hash; the keys themselves are not kept. */
export const apiKeys = (seeds: Config['API_KEYS']): ((key: string) => Caller | undefined) => {
  const byHash = new Map(
    seeds.map(({ name, role, key }): [string, Caller] => [hashOfKey(key), { id: name, name, role }]),
  );
  return (key) => byHash.get(hashOfKey(key));
};
