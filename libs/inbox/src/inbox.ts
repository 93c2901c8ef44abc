import { createHash } from 'node:crypto';
import { type Naming, type RunId, runIdSchema } from '@tallystream/contracts';
import {
  type JetStreamConnection,
  type Published,
  publish,
  type StreamMessage,
} from '@tallystream/jetstream';

/** A webhook as it came: raw bytes, and what its URL and headers said. */
export type ReceivedWebhook = Readonly<{
  entity: string;
  event: string;
  organization?: string;
  /** Path and query. */
  url: string;
  headers: Readonly<Record<string, string>>;
  contentType: string;
  body: Uint8Array;
  /** The run that fetched it, when Zoho's own webhook was missed. */
  syncRun?: RunId;
}>;

/** The entity of what came by the URL of one that we do not know: kept, and ignored whatever its body says. */
export const UNSUPPORTED = 'unsupported';

const names = {
  entity: 'Tally-Entity',
  event: 'Tally-Event',
  organization: 'Tally-Organization',
  url: 'Tally-Url',
  contentType: 'Tally-Content-Type',
  syncRun: 'Tally-Sync-Run',
} as const;
const ORIGINAL = 'Tally-Http-';

/** Writes to the stream `ZOHO_INBOX`. Resolves once the webhook is stored. @throws NatsUnavailable */
export const storeWebhook = (
  connection: JetStreamConnection,
  naming: Naming,
  webhook: ReceivedWebhook,
): Promise<Published> => {
  const messageId = identityOf(webhook);
  return publish(
    connection,
    {
      subject: naming.inboxSubject(webhook.entity, webhook.event),
      headers: {
        [names.entity]: webhook.entity,
        [names.event]: webhook.event,
        ...(webhook.organization ? { [names.organization]: webhook.organization } : {}),
        [names.url]: webhook.url,
        [names.contentType]: webhook.contentType,
        ...(webhook.syncRun ? { [names.syncRun]: webhook.syncRun } : {}),
        ...Object.fromEntries(
          Object.entries(webhook.headers).map(([name, value]) => [ORIGINAL + name, value]),
        ),
      },
      data: webhook.body,
    },
    messageId ? { messageId } : {},
  );
};

/** Reads back what `storeWebhook` wrote. */
export const webhookFrom = (message: StreamMessage): ReceivedWebhook => {
  const organization = message.header(names.organization);
  const syncRun = runIdSchema.safeParse(message.header(names.syncRun)).data;
  return {
    entity: message.header(names.entity) ?? 'unknown',
    event: message.header(names.event) ?? 'updated',
    ...(organization ? { organization } : {}),
    url: message.header(names.url) ?? '',
    contentType: message.header(names.contentType) ?? '',
    headers: Object.fromEntries(
      Object.entries(message.headers()).flatMap(([name, value]) =>
        name.startsWith(ORIGINAL) ? [[name.slice(ORIGINAL.length), value]] : [],
      ),
    ),
    body: message.data,
    ...(syncRun ? { syncRun } : {}),
  };
};

/**
 * Zoho sends a hook again when our answer was lost: the same bytes within minutes are the same webhook. Only
 * where the body names its version, though: without one, two equal bodies may well be two happenings. What a
 * run fetched is what Zoho says now, so the same bytes are the same news, whichever run begins again after a
 * crash; but never the webhook of those bytes, which is kept beside it as what Zoho sent.
 */
const identityOf = ({ entity, event, organization, body, syncRun }: ReceivedWebhook): string | undefined =>
  syncRun || Buffer.from(body.buffer, body.byteOffset, body.byteLength).includes('last_modified_time')
    ? createHash('sha256')
        .update(`${syncRun ? 'sync\n' : ''}${entity}\n${event}\n${organization ?? ''}\n`)
        .update(body)
        .digest('hex')
    : undefined;
