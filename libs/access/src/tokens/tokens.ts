import { createHash } from 'node:crypto';
import { Problem } from '@tallystream/contracts';
import { type Caller, type Config, roles, type Stranger } from '@tallystream/platform';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { IssuerAway, issuerKeys } from './issuer-keys';

/** Tokens (JWT) of an issuer that the operator trusts. */
export type Tokens = Readonly<{
  /** @throws Problem `store_unavailable` when the issuer's keys are needed and cannot be read */
  holderOf: (token: string) => Promise<Caller | Stranger>;
  isStillGood: (caller: Caller) => boolean;
  close: () => void;
}>;

/** What can be checked with a public key. A shared secret, or none, is no proof. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
/** By how much clocks may differ. */
const TOLERANCE_SECONDS = 10;
/** A token that was checked is not checked again for so long: a signature costs more than a read. */
const REMEMBERED = { max: 10_000, ttlMs: 60_000 };

export const looksLikeToken = (credential: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]*$/.test(credential);

/** Nothing without an issuer. */
export const tokensOf = (config: Config, warn: (message: string) => void): Tokens | undefined => {
  const { AUTH_JWKS_URL, AUTH_AUDIENCE, AUTH_ISSUER, AUTH_ROLE_CLAIM } = config;
  if (!AUTH_JWKS_URL || !AUTH_AUDIENCE) return undefined;
  const keys = issuerKeys(AUTH_JWKS_URL, warn);
  const remembered = new LRUCache<string, Caller>({ max: REMEMBERED.max });
  const endOf = new WeakMap<Caller, number>();
  const options = {
    algorithms: ALGORITHMS,

    audience: AUTH_AUDIENCE,
    ...(AUTH_ISSUER ? { issuer: AUTH_ISSUER } : {}),
    requiredClaims: ['exp', 'sub'],
    clockTolerance: TOLERANCE_SECONDS,
  };

  return {
    holderOf: async (token) => {
      const hash = createHash('sha256').update(token).digest('base64');
      const before = remembered.get(hash);
      if (before) return before;
      try {
        const { payload } = await jwtVerify(token, keys.keyFor, options);
        const caller = callerFrom(payload, AUTH_ROLE_CLAIM);
        const ends = (payload.exp ?? 0) * 1_000;
        endOf.set(caller, ends + TOLERANCE_SECONDS * 1_000);
        const ttl = Math.min(REMEMBERED.ttlMs, ends - Date.now());
        if (ttl > 0) remembered.set(hash, caller, { ttl });
        return caller;
      } catch (error) {
        if (error instanceof IssuerAway)
          throw new Problem('store_unavailable', 'The issuer of this token cannot be asked for its keys.', {
            retryAfterSeconds: 5,
            cause: error,
          });
        if (error instanceof errors.JWTExpired) return { fault: 'expired' };
        if (error instanceof errors.JOSEError) return { fault: 'bad_token' };
        throw error;
      }
    },
    isStillGood: (caller) => (endOf.get(caller) ?? 0) > Date.now(),
    close: keys.close,
  };
};

const callerFrom = (payload: JWTPayload, roleClaim: string): Caller => {
  const named = textsOf(claimOf(payload, roleClaim));
  const name = pseudonymOf(payload.sub ?? '');
  return { id: name, name, role: roles.findLast((role) => named.includes(role)) ?? 'none' };
};

/** The claim of that name; else, as Keycloak has it, `a.b` is `b` within `a`. */
const claimOf = (payload: JWTPayload, name: string): unknown =>
  Object.hasOwn(payload, name)
    ? payload[name]
    : name
        .split('.')
        .reduce<unknown>(
          (value, part) => (isRecord(value) && Object.hasOwn(value, part) ? value[part] : undefined),
          payload,
        );

/** One role, several with spaces between them, or a list. */
const textsOf = (claim: unknown): readonly string[] => {
  if (typeof claim === 'string') return claim.split(/\s+/);
  return Array.isArray(claim) ? claim.filter((each) => typeof each === 'string') : [];
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/**
 * Who did something is noted, and stays in the ledger for good. A subject is often a name, a number or an address
 * of a person, so what is noted is made of it, and only who knows the subject can tell that it is theirs.
 */
const pseudonymOf = (subject: string): string =>
  `jwt:${createHash('sha256').update(subject).digest('hex').slice(0, 16)}`;
