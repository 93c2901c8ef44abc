import { randomBytes, scryptSync } from 'node:crypto';
import { type Instant, instantFrom, instantSchema, millisOf, Problem } from '@tallystream/contracts';
import { type Config, hashOfKey, KEY_PREFIX, roles } from '@tallystream/platform';
import { z } from 'zod';

/** Part of a subject; also of the key itself, so that whoever finds one can tell which it is. */
export const keyIdSchema = z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be the id of a key');

/** A way in: the hash of a key, and until when it opens. Rotating leaves the old one for a while. */
const secretSchema = z.object({ hash: z.string(), until: instantSchema.optional() });

/** An API key as it is stored: whose it is and what became of it, but not the key. */
export const apiKeySchema = z.object({
  id: keyIdSchema,
  name: z.string(),
  role: z.enum(roles),
  /** `environment`: from API_KEYS, and stored only when it is revoked. */
  source: z.enum(['created', 'environment']),
  secrets: z.array(secretSchema).readonly(),
  readsPerMinute: z.int().positive().optional(),
  createdAt: instantSchema.optional(),
  createdBy: z.string().optional(),
  expiresAt: instantSchema.optional(),
  rotatedAt: instantSchema.optional(),
  rotatedBy: z.string().optional(),
  revokedAt: instantSchema.optional(),
  revokedBy: z.string().optional(),
});
export type ApiKey = Readonly<z.output<typeof apiKeySchema>>;

/** Who does something, and when. */
export type Deed = Readonly<{ by: string; at: Instant }>;

export type NewKey = Readonly<{
  name: string;
  role: ApiKey['role'];
  expiresAt?: Instant | undefined;
  readsPerMinute?: number | undefined;
}>;

/** 256 random bits behind what tells the key's id. */
export const newSecret = (id: string): string =>
  `${KEY_PREFIX}${id}_${randomBytes(32).toString('base64url')}`;

export const newKeyId = (): string => randomBytes(6).toString('hex');

/** @throws Problem `invalid_request` when it would never be valid */
export const createdKey = (
  id: string,
  secret: string,
  { name, role, expiresAt, readsPerMinute }: NewKey,
  { by, at }: Deed,
): ApiKey => {
  if (expiresAt && millisOf(expiresAt) <= millisOf(at)) {
    const errors = [{ path: 'expiresAt', message: 'is in the past' }];
    throw new Problem('invalid_request', 'expiresAt: is in the past', { errors });
  }
  return {
    id,
    name,
    role,
    source: 'created',
    secrets: [{ hash: hashOfKey(secret) }],
    ...(readsPerMinute ? { readsPerMinute } : {}),
    ...(expiresAt ? { expiresAt } : {}),
    createdAt: at,
    createdBy: by,
  };
};

/** Each rotation leaves one more way in for as long as its grace lasts. */
const MOST_SECRETS = 10;

/**
 * Gives the key a new secret. Those before it open until the grace is over, or as long as they would have.
 * @throws Problem `conflict` for a key that opens nothing any more, or cannot be changed here
 */
export const rotatedKey = (key: ApiKey, secret: string, graceSeconds: number, { by, at }: Deed): ApiKey => {
  if (key.source === 'environment') throw conflict(`${key.id} comes from API_KEYS: change it there.`);
  if (statusOf(key, millisOf(at)) !== 'active')
    throw conflict(`${key.id} is ${statusOf(key, millisOf(at))}: create another.`);
  const graceEnds = millisOf(at) + graceSeconds * 1_000;
  const before = key.secrets
    .map(({ hash, until }) => ({ hash, ends: Math.min(graceEnds, until ? millisOf(until) : Infinity) }))
    .filter(({ ends }) => ends > millisOf(at))
    .map(({ hash, ends }) => ({ hash, until: instantFrom(ends) }));
  if (before.length >= MOST_SECRETS)
    throw conflict(`${key.id} has ${before.length} secrets that are still valid: rotate without grace.`);
  return { ...key, secrets: [...before, { hash: hashOfKey(secret) }], rotatedAt: at, rotatedBy: by };
};

/** Ends every secret of the key. What is revoked stays as it is. */
export const revokedKey = (key: ApiKey, { by, at }: Deed): ApiKey =>
  key.revokedAt ? key : { ...key, revokedAt: at, revokedBy: by };

export type KeyStatus = 'active' | 'expired' | 'revoked';

export const statusOf = ({ revokedAt, expiresAt }: ApiKey, now: number): KeyStatus => {
  if (revokedAt) return 'revoked';
  return expiresAt && millisOf(expiresAt) <= now ? 'expired' : 'active';
};

/**
 * A key of the environment. Its id is stored and shown, and the key may be one that somebody made up: so the id
 * is made of it by a slow hash, which tells nothing to those who try likely ones.
 */
export const keyOfEnvironment = ({ name, role, key }: Config['API_KEYS'][number]): ApiKey => ({
  id: `env-${scryptSync(key, 'tallystream key id', 6).toString('hex')}`,
  name,
  role,
  source: 'environment',
  secrets: [{ hash: hashOfKey(key) }],
});

const conflict = (detail: string): Problem => new Problem('conflict', detail);
