import { documentBody } from '../bodies/document-body';
import type { Change } from '../bookings/booking';
import type { Organisation } from '../organisation/organisation';
import { ORGANIZATION_ID } from '../organisation/warehouses';
import { signature } from './signature';

/** One webhook as it will be posted: the document as it is now, whatever happens to it later. */
export type Hook = Readonly<{ event: string; body: string }>;

export const hookOf = (organisation: Organisation, change: Change): Hook => ({
  event: `${change.document.type}.${change.event}`,
  body: JSON.stringify(documentBody(organisation, change.document)),
});

export type Reply = Readonly<{ status?: number; answer?: string; error?: string }>;

/** One attempt. Resolves in any case: with what was answered, or with the error in words. */
export const postHook = async (
  target: Readonly<{ url: string; secret: string; timeoutMs: number }>,
  hook: Hook,
): Promise<Reply> => {
  const url = new URL(target.url);
  url.searchParams.set('event', hook.event);
  url.searchParams.set('org', ORGANIZATION_ID);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'ZohoInventory (simulator)',
        'x-zoho-webhook-signature': signature(target.secret, url.searchParams, hook.body),
      },
      body: hook.body,
      redirect: 'manual',
      signal: AbortSignal.timeout(target.timeoutMs),
    });
    return { status: response.status, answer: (await response.text()).slice(0, 2000) };
  } catch (error) {
    return { error: inWords(error) };
  }
};

export const isAccepted = (reply: Reply): boolean =>
  reply.status !== undefined && reply.status >= 200 && reply.status < 300;

const inWords = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
};
