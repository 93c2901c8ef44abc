import { readToken, writeToken } from './access-token';

/** What the accounts server accepts; what is not set, it does not look at. */
export type AccountSettings = Readonly<{
  clientId?: string;
  clientSecret?: string;
  refreshToken?: string;
  lifeSeconds: number;
  /** How many token requests in ten minutes, before it denies all of them. */
  requestsPerTenMinutes?: number;
  /** First parts of paths that tokens no longer reach, such as `items`; `*` for all. */
  withdrawn: readonly string[];
}>;

export const openAccounts: AccountSettings = { lifeSeconds: 3600, withdrawn: [] };

export type Credentials = Readonly<{ client_id: string; client_secret: string; refresh_token: string }>;
export type Accounts = ReturnType<typeof accountServer>;

const TEN_MINUTES_MS = 600_000;

/** Zoho's accounts server: who gets an access token, and which ones still open the door. */
export const accountServer = (seed: number) => {
  let settings = openAccounts;
  let requests: number[] = [];
  let requested = 0;
  let issued = 0;
  let lastIssuedMs = 0;
  let revokedToMs = 0;

  const isThrottled = (nowMs: number): boolean => {
    requests = [...requests.filter((at) => at > nowMs - TEN_MINUTES_MS), nowMs];
    return settings.requestsPerTenMinutes !== undefined && requests.length > settings.requestsPerTenMinutes;
  };

  const refusal = (given: Credentials): string | undefined => {
    if (settings.clientId !== undefined && given.client_id !== settings.clientId) return 'invalid_client';
    if (settings.clientSecret !== undefined && given.client_secret !== settings.clientSecret)
      return 'invalid_client_secret';
    if (settings.refreshToken !== undefined && given.refresh_token !== settings.refreshToken)
      return 'invalid_code';
    return undefined;
  };

  return {
    /** Counts a request; true when there were too many of them. */
    knock: (nowMs: number): boolean => {
      requested += 1;
      return isThrottled(nowMs);
    },
    issue: (
      given: Credentials,
      nowMs: number,
    ): { token: string; lifeSeconds: number } | { error: string } => {
      const error = refusal(given);
      if (error !== undefined) return { error };
      issued += 1;
      // Never two tokens of one moment, nor one of the moment in which all were revoked.
      lastIssuedMs = Math.max(nowMs, lastIssuedMs + 1, revokedToMs + 1);
      const endMs = nowMs + settings.lifeSeconds * 1000;
      return {
        token: writeToken(seed, { issuedMs: lastIssuedMs, endMs }),
        lifeSeconds: settings.lifeSeconds,
      };
    },
    isValid: (token: string, nowMs: number): boolean => {
      const times = readToken(seed, token);
      return times !== undefined && times.endMs > nowMs && times.issuedMs > revokedToMs;
    },
    /** Whether a token's scopes reach a path inside a product. */
    allows: (path: string): boolean => {
      const [first = ''] = path.split('/');
      return !settings.withdrawn.includes('*') && !settings.withdrawn.includes(first);
    },
    /** Makes every token that was issued until now invalid. */
    expireAll: (nowMs: number): void => {
      revokedToMs = Math.max(nowMs, lastIssuedMs);
    },
    change: (changes: Partial<AccountSettings>): void => {
      settings = { ...settings, ...changes };
    },
    reset: (): void => {
      settings = openAccounts;
      requests = [];
    },
    state: () => ({
      lifeSeconds: settings.lifeSeconds,
      requestsPerTenMinutes: settings.requestsPerTenMinutes ?? null,
      checks: (['clientId', 'clientSecret', 'refreshToken'] as const).filter((name) => settings[name]),
      withdrawn: settings.withdrawn,
      tokenRequests: requested,
      tokensIssued: issued,
    }),
  };
};
