import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { instantFrom, type Naming } from '@tallystream/contracts';
import { z } from 'zod';
import { type AccessToken, requestToken, type ZohoCredentials } from '../client/token-request';
import { ZohoError, type ZohoErrorKind } from '../client/zoho-error';
import type { SharedRedis } from './shared-redis';

/** One access token for all replicas: Zoho gives 10 in 10 minutes, and forgets the oldest. */
export type SharedToken = Readonly<{
  /** @throws ZohoError */
  current: () => Promise<string>;
  /** Zoho does not take this one any more: the next `current` is another. */
  reject: (token: string) => void;
  /** Zoho does not take a new one either: nobody asks for another for a while. */
  distrust: () => Promise<void>;
}>;

export type SharedTokenSettings = Readonly<{
  redis: SharedRedis;
  naming: Pick<Naming, 'redisKey'>;
  credentials: ZohoCredentials;
  times: TokenTimes;
  signal: AbortSignal;
}>;

/** Milliseconds */
export type TokenTimes = Readonly<{
  /** So long before its end a token is renewed, and up to so much more */
  earlyMs: number;
  jitterMs: number;
  /** For so long nobody asks again: what is wrong stays wrong, and each attempt counts towards the 10. */
  wrongMs: number;
  deniedMs: number;
  faultMs: number;
}>;

export const tokenTimes: TokenTimes = {
  earlyMs: 5 * 60_000,
  jitterMs: 60_000,
  wrongMs: 60_000,
  deniedMs: 10 * 60_000,
  faultMs: 2_000,
};

/** Milliseconds of this process's own clock, which only goes forward. */
type Held = Readonly<{ token: string; renewAt: number; endsAt: number }>;

/** Longer than a request for a token takes, shorter than a call's slot is held. */
const LOCK_MS = 12_000;
const POLL_MS = 50;

const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

export const sharedToken = (settings: SharedTokenSettings): SharedToken => {
  const { redis, naming, credentials, times, signal } = settings;
  const key = naming.redisKey(`zoho:token:${fingerprint(credentials)}`);
  const [lockKey, refusalKey] = [`${key}:lock`, `${key}:refusal`];
  const vault = vaultFor(credentials.clientSecret);
  let held: Held | undefined;
  let rejected: string | undefined;
  let renewing: Promise<Held> | undefined;

  const isGood = (one: Held | undefined, at: 'renewAt' | 'endsAt'): one is Held =>
    one !== undefined && one.token !== rejected && performance.now() < one[at];

  const read = async (): Promise<Held | undefined> => {
    const asked = performance.now();
    const [sealed, leftMs] = await Promise.all([redis.get(key), redis.pttl(key)]);
    const given = sealed === null ? undefined : vault.open(sealed);
    return given && leftMs > 0 ? heldFrom(given, asked + leftMs, times) : undefined;
  };

  const ask = async (): Promise<Held> => {
    try {
      const given = await requestToken(credentials, signal);
      const endsAt = performance.now() + given.livesMs;
      // Without Redis it serves this replica alone.
      await redis.set(key, vault.seal(given), 'PX', Math.ceil(given.livesMs)).catch(() => undefined);
      return heldFrom(given, endsAt, times);
    } catch (error) {
      throw error instanceof ZohoError ? await remember(error) : error;
    }
  };

  const remember = async (error: ZohoError): Promise<ZohoError> => {
    const { kind, detail, status } = error;
    const forMs = pauseAfter(kind, times);
    await redis.set(refusalKey, JSON.stringify({ kind, detail, status }), 'PX', forMs).catch(() => undefined);
    return error.lasting(instantFrom(Date.now() + forMs));
  };

  const readRefusal = async (): Promise<ZohoError | undefined> => {
    const [written, leftMs] = await Promise.all([redis.get(refusalKey), redis.pttl(refusalKey)]);
    if (written === null) return undefined;
    const { kind, detail, status } = refusalSchema.parse(JSON.parse(written));
    const until = instantFrom(Date.now() + Math.max(0, leftMs));
    return new ZohoError(kind, detail, { ...(status === undefined ? {} : { status }), until });
  };

  /** What the replicas have; `isDone` when nothing better can be had now. */
  const lookUp = async (): Promise<Readonly<{ shared?: Held; isDone: boolean }>> => {
    const shared = await read();
    if (isGood(shared, 'renewAt')) return { shared, isDone: true };
    const refusal = await readRefusal();
    if (isGood(shared, 'endsAt')) return { shared, isDone: refusal !== undefined };
    if (refusal) throw refusal;
    return { isDone: false };
  };

  /** What another replica has got by now, or what Zoho gives us while the others wait. */
  const renew = async (): Promise<Held> => {
    const me = randomUUID();
    for (;;) {
      const { shared, isDone } = await lookUp();
      if (shared && isDone) return shared;
      if ((await redis.set(lockKey, me, 'PX', LOCK_MS, 'NX')) === 'OK') {
        try {
          const newer = await lookUp();
          return newer.shared && newer.isDone ? newer.shared : await ask();
        } catch (error) {
          if (shared) return shared;
          throw error;
        } finally {
          await redis.eval(RELEASE, 1, lockKey, me).catch(() => undefined);
        }
      }
      if (shared) return shared;
      await pause(POLL_MS, undefined, { signal });
    }
  };

  return {
    current: async () => {
      if (isGood(held, 'renewAt')) return held.token;
      try {
        renewing ??= renew().finally(() => {
          renewing = undefined;
        });
        held = await renewing;
      } catch (error) {
        signal.throwIfAborted();
        if (isGood(held, 'endsAt')) return held.token;
        if (error instanceof ZohoError) throw error;
        throw new ZohoError('budget_unavailable', 'the access token in Redis cannot be reached', {
          cause: error,
        });
      }
      return held.token;
    },
    reject: (token) => {
      rejected = token;
    },
    distrust: async () => {
      const fault = new ZohoError('invalid_credentials', 'Zoho refuses the access tokens that it gives');
      await remember(fault);
    },
  };
};

const pauseAfter = (kind: ZohoErrorKind, times: TokenTimes): number => {
  if (kind === 'invalid_credentials' || kind === 'expired_token') return times.wrongMs;
  return kind === 'rate_limited' ? times.deniedMs : times.faultMs;
};

/** Renewed before its end, or before half of a short life is over; not by all replicas at the same moment. */
const heldFrom = ({ token, livesMs }: AccessToken, endsAt: number, times: TokenTimes): Held => {
  const earlyMs = times.earlyMs + Math.random() * times.jitterMs;
  return { token, endsAt, renewAt: endsAt - Math.min(earlyMs, livesMs / 2) };
};

const kinds = [
  'invalid_credentials',
  'expired_token',
  'rate_limited',
  'server_fault',
  'unreachable',
] as const satisfies readonly ZohoErrorKind[];
const refusalSchema = z.object({ kind: z.enum(kinds), detail: z.string(), status: z.number().optional() });

/** Other credentials, another token; nobody can tell them from the key. */
const fingerprint = (credentials: ZohoCredentials): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        credentials.accountsUrl,
        credentials.clientId,
        credentials.clientSecret,
        credentials.refreshToken,
      ]),
    )
    .digest('hex')
    .slice(0, 32);

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const tokenSchema = z.object({ token: z.string(), livesMs: z.number() });

/** Whoever reads our Redis gets no token: it is sealed with a key that only who knows the client secret has. */
const vaultFor = (secret: string) => {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'tallystream access token', 32));
  return {
    seal: (given: AccessToken): string => {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(CIPHER, key, iv);
      const sealed = Buffer.concat([cipher.update(JSON.stringify(given)), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64');
    },
    /** Nothing when it was not sealed by us. */
    open: (text: string): AccessToken | undefined => {
      try {
        const bytes = Buffer.from(text, 'base64');
        const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES));
        decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
        const opened = Buffer.concat([
          decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)),
          decipher.final(),
        ]);
        return tokenSchema.parse(JSON.parse(opened.toString('utf8')));
      } catch {
        return undefined;
      }
    },
  };
};
