import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import {
  JETSTREAM,
  type JetStreamConnection,
  type Published,
  publish,
  type StreamMessage,
} from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';

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
}>;

const names = {
  entity: 'Tally-Entity',
  event: 'Tally-Event',
  organization: 'Tally-Organization',
  url: 'Tally-Url',
  contentType: 'Tally-Content-Type',
} as const;
const ORIGINAL = 'Tally-Http-';

/** Writes to the stream `ZOHO_INBOX`. */
@Injectable()
export class Inbox {
  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
  ) {}

  /** Resolves once the webhook is stored. @throws NatsUnavailable */
  store(webhook: ReceivedWebhook): Promise<Published> {
    const messageId = identityOf(webhook);
    return publish(
      this.connection,
      {
        subject: this.naming.inboxSubject(webhook.entity, webhook.event),
        headers: {
          [names.entity]: webhook.entity,
          [names.event]: webhook.event,
          ...(webhook.organization ? { [names.organization]: webhook.organization } : {}),
          [names.url]: webhook.url,
          [names.contentType]: webhook.contentType,
          ...Object.fromEntries(
            Object.entries(webhook.headers).map(([name, value]) => [ORIGINAL + name, value]),
          ),
        },
        data: webhook.body,
      },
      messageId ? { messageId } : {},
    );
  }
}

/** Reads back what `Inbox.store` wrote. */
export const webhookFrom = (message: StreamMessage): ReceivedWebhook => {
  const organization = message.header(names.organization);
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
  };
};

/**
 * Zoho sends a hook again when our answer was lost: the same bytes within minutes are the same webhook. Only
 * where the body names its version, though: without one, two equal bodies may well be two happenings.
 */
const identityOf = ({ entity, event, organization, body }: ReceivedWebhook): string | undefined =>
  Buffer.from(body.buffer, body.byteOffset, body.byteLength).includes('last_modified_time')
    ? createHash('sha256')
        .update(`${entity}\n${event}\n${organization ?? ''}\n`)
        .update(body)
        .digest('hex')
    : undefined;
