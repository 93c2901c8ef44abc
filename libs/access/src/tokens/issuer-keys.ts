import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

/** The issuer's public keys cannot be read, and the one that is asked for is not among those we have. */
export class IssuerAway extends Error {
  constructor(cause: unknown) {
    super(`the keys of the issuer cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`);
    this.name = 'IssuerAway';
  }
}

/** How soon the issuer is asked again: forged tokens name keys that do not exist. */
const COOLDOWN_MS = 30_000;
/** … and when it did not answer. */
const RETRY_MS = 5_000;
const TIMEOUT_MS = 3_000;
/** How soon keys that the issuer has withdrawn are forgotten. */
const REFRESH_MS = 10 * 60_000;

export type IssuerKeys = Readonly<{ keyFor: JWTVerifyGetKey; close: () => void }>;

/**
 * The issuer's public keys (a JWK set). Not jose's own `createRemoteJWKSet` (5.10): when its copy is old and the
 * issuer is away, it refuses keys that it has.
 */
export const issuerKeys = (url: string, warn: (message: string) => void): IssuerKeys => {
  let known: ReturnType<typeof createLocalJWKSet> | undefined;
  let mayAskAt = 0;
  let failure: IssuerAway | undefined;
  let asking: Promise<void> | undefined;

  const ask = async (): Promise<void> => {
    try {
      known = createLocalJWKSet(await keySetAt(url));
      failure = undefined;
      mayAskAt = performance.now() + COOLDOWN_MS;
    } catch (error) {
      if (!failure) warn(`tokens with keys that are new are refused: ${new IssuerAway(error).message}`);
      failure = new IssuerAway(error);
      mayAskAt = performance.now() + RETRY_MS;
    }
  };
  const refresh = (): Promise<void> => {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
  const timer = setInterval(refresh, REFRESH_MS).unref();

  return {
    keyFor: async (header, token) => {
      if (known) {
        try {
          return await known(header, token);
        } catch (error) {
          if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        }
      }
      if (asking || performance.now() >= mayAskAt) await refresh();
      if (failure || !known) throw failure ?? new IssuerAway('it was never asked');
      return known(header, token);
    },
    close: () => clearInterval(timer),
  };
};

const keySetAt = async (url: string): Promise<JSONWebKeySet> => {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`it answered ${response.status}`);
  // createLocalJWKSet looks whether it is one.
  return (await response.json()) as JSONWebKeySet;
};
