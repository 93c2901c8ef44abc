import { z } from 'zod';
import { ZohoError } from './zoho-error';

export type ZohoCredentials = Readonly<{
  accountsUrl: string;
  clientId: string;
  clientSecret: string;
  refreshToken: string;
}>;

const tokenSchema = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });

const EARLY_MS = 5 * 60_000;
const TIMEOUT_MS = 10_000;

/** Zoho's word for what is wrong, e.g. `invalid_code`; never a secret. */
const faultOf = (answer: unknown): string => {
  const fault = z.object({ error: z.string().max(100) }).safeParse(answer);
  return fault.success ? fault.data.error : 'the answer says no more';
};

/** An access token, asked for when there is none or the one we have is about to end. */
export const accessTokens = (credentials: ZohoCredentials, ending?: AbortSignal): (() => Promise<string>) => {
  let current: Readonly<{ token: string; until: number }> | undefined;
  let asking: Promise<string> | undefined;

  const ask = async (): Promise<string> => {
    const response = await fetch(`${credentials.accountsUrl.replace(/\/+$/, '')}/oauth/v2/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: credentials.clientId,
        client_secret: credentials.clientSecret,
        refresh_token: credentials.refreshToken,
      }),
      signal: within(TIMEOUT_MS, ending),
    });
    // Zoho answers a wrong code or secret with 200 and an `error`, a fault of its own with a page for people.
    const answer: unknown = await response.json().catch(() => undefined);
    const parsed = tokenSchema.safeParse(answer);
    if (!parsed.success)
      throw new ZohoError('invalid_credentials', `no access token was given: ${faultOf(answer)}`, {
        status: response.status,
      });
    current = {
      token: parsed.data.access_token,
      until: Date.now() + parsed.data.expires_in * 1000 - EARLY_MS,
    };
    return current.token;
  };

  return async () => {
    if (current && Date.now() < current.until) return current.token;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
};

/** Aborts after a time, or when the process ends. */
export const within = (millis: number, ending: AbortSignal | undefined): AbortSignal =>
  ending ? AbortSignal.any([ending, AbortSignal.timeout(millis)]) : AbortSignal.timeout(millis);
