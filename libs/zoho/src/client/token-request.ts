import { z } from 'zod';
import { ZohoError, type ZohoErrorKind } from './zoho-error';
import { countRequest } from './zoho-metrics';
import { type Reply, request } from './zoho-request';

export type ZohoCredentials = Readonly<{
  accountsUrl: string;
  clientId: string;
  clientSecret: string;
  refreshToken: string;
}>;

/** `livesMs`: from when it was given */
export type AccessToken = Readonly<{ token: string; livesMs: number }>;

const TIMEOUT_MS = 10_000;

const answer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });

/**
 * Asks the accounts server for an access token. Zoho gives 10 in 10 minutes.
 * @throws ZohoError `invalid_credentials`, `expired_token`, `rate_limited`, `server_fault` or `unreachable`
 */
export const requestToken = async (
  credentials: ZohoCredentials,
  signal: AbortSignal,
): Promise<AccessToken> => {
  const began = performance.now();
  const count = (code: string) => countRequest('oauth/token', code, performance.now() - began);
  try {
    // In the body and not in the URL, which proxies write down.
    const reply = await request(`${credentials.accountsUrl.replace(/\/+$/, '')}/oauth/v2/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: credentials.clientId,
        client_secret: credentials.clientSecret,
        refresh_token: credentials.refreshToken,
      }),
      timeoutMs: TIMEOUT_MS,
      signals: [signal],
    });
    const given = answer.safeParse(reply.body);
    if (!given.success) throw refusalOf(reply);
    count('0');
    return { token: given.data.access_token, livesMs: given.data.expires_in * 1000 };
  } catch (error) {
    if (error instanceof ZohoError) count(error.status === undefined ? 'no_answer' : error.kind);
    throw error;
  }
};

const refusal = z.object({ error: z.string().max(100) });

/** Zoho says what is wrong in `error`, with status 200 as well. */
const refusalOf = ({ status, body }: Reply): ZohoError => {
  const fault = refusal.safeParse(body).data?.error;
  return new ZohoError(kindOf(fault), `no access token was given: ${fault ?? 'the answer says no more'}`, {
    status,
  });
};

const kindOf = (fault: string | undefined): ZohoErrorKind => {
  if (fault === undefined) return 'server_fault';
  if (fault === 'Access Denied') return 'rate_limited';
  if (fault === 'invalid_code') return 'expired_token';
  return /^invalid_|^unauthorized|^access_denied$/i.test(fault) ? 'invalid_credentials' : 'server_fault';
};
