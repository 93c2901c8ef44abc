import { type Instant, instantFrom } from '@tallystream/contracts';
import type { CallOptions } from '../budget/priorities';
import type { QuotaStatus } from '../budget/quota-status';
import { type Fields, isFields, text } from '../fields';
import { parseJson } from '../json';
import { accessTokens, within } from './access-token';
import { ZohoError, type ZohoErrorKind } from './zoho-error';
import type { ZohoClientSettings } from './zoho-settings';
import type { ZohoStatus } from './zoho-status';

const versions = { inventory: 'inventory/v1', books: 'books/v3' } as const;
const TIMEOUT_MS = 30_000;

export const zohoCalls = (settings: ZohoClientSettings) => {
  const token = accessTokens(settings.credentials, settings.signal);
  const opened = instantFrom(Date.now());

  const get = async (path: string, _call: CallOptions, parameters: Readonly<Record<string, string>> = {}) => {
    const url = new URL(`${settings.apiBaseUrl.replace(/\/+$/, '')}/${versions[settings.product]}/${path}`);
    url.search = new URLSearchParams({ ...parameters, organization_id: settings.organizationId }).toString();
    const response = await fetch(url, {
      headers: { authorization: `Zoho-oauthtoken ${await token()}` },
      signal: within(TIMEOUT_MS, settings.signal),
    });
    const written = await response.text();
    const body = parseBody(written);
    if (!response.ok || !body) {
      const code = body && typeof body.code === 'number' ? body.code : undefined;
      const detail = body ? (text(body, 'message') ?? 'no message') : 'the answer is not JSON';
      throw new ZohoError(kindOf(response.status, code), detail, {
        status: response.status,
        ...(code === undefined ? {} : { code }),
      });
    }
    return { body, text: written, asOf: zohoTime(response) };
  };

  return {
    get,
    status: (): ZohoStatus => ({ state: 'untried', since: opened }),
    budget: async (): Promise<QuotaStatus> => {
      const { perMinute, perDay, concurrency } = settings.limits;
      const full = (limit: number) => ({ limit, used: 0, remaining: limit, resetsAt: opened });
      return { minute: full(perMinute), day: full(perDay), concurrency: { limit: concurrency, inFlight: 0 } };
    },
  };
};

const kindOf = (status: number, code: number | undefined): ZohoErrorKind => {
  if (status === 429) return code === 45 ? 'quota_exhausted' : 'rate_limited';
  if (status === 404 && (code === 1002 || code === 5)) return 'not_found';
  if (status === 401) return code === 57 ? 'missing_scope' : 'invalid_token';
  return status >= 400 && status < 500 ? 'refused' : 'server_fault';
};

const parseBody = (body: string): Fields | undefined => {
  try {
    const parsed = parseJson(body);
    return isFields(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
};

/** Zoho's clock, not ours: the two are compared with document times, which are Zoho's too. */
const zohoTime = (response: Response): Instant => {
  const millis = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(millis))
    throw new ZohoError('server_fault', 'the answer has no Date header', { status: response.status });
  return instantFrom(millis);
};
