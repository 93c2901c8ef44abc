import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type Naming, type StreamSeq, webhookOutcomeSchema } from '@tallystream/contracts';
import { webhookFrom } from '@tallystream/inbox';
import type { StreamMessage } from '@tallystream/jetstream';
import { CONFIG, type Config, NAMING } from '@tallystream/platform';
import {
  type Database,
  type Fold,
  findWebhook,
  type LoggedOutcome,
  listWebhooks,
  type Page,
  PostgresProjection,
  type WebhookLogEntry,
  type WebhookLogFilter,
  webhookLogDatabase,
  writeWebhookLog,
} from '@tallystream/projection-store';

/** The webhook log: one table, fed from the inbox and from the outcomes. */
@Injectable()
export class WebhookLogStore implements OnApplicationShutdown {
  readonly database: Database;
  readonly arrivals: PostgresProjection<LoggedMessage>;
  readonly outcomes: PostgresProjection<LoggedMessage>;

  constructor(@Inject(CONFIG) config: Config, @Inject(NAMING) naming: Naming) {
    this.database = webhookLogDatabase({ url: config.DATABASE_URL, schema: naming.schema });
    this.arrivals = new PostgresProjection(this.database, arrivalsFold);
    this.outcomes = new PostgresProjection(this.database, outcomesFold);
  }

  list(filter: WebhookLogFilter): Promise<Page<WebhookLogEntry>> {
    return listWebhooks(this.database, filter);
  }

  find(sequence: StreamSeq): Promise<WebhookLogEntry | undefined> {
    return findWebhook(this.database, sequence);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.arrivals, this.outcomes].map((each) => each.onApplicationShutdown()));
    await this.database.onApplicationShutdown();
  }
}

/** An entry of the log, and the sequence of what it was read from. */
export type LoggedMessage = LoggedOutcome & Readonly<{ seq: StreamSeq }>;

export const arrivalOf = (message: StreamMessage): LoggedMessage => {
  const { entity, event } = webhookFrom(message);
  return {
    seq: message.seq,
    outcome: { sequence: message.seq, entity, event, receivedAt: message.storedAt, status: 'pending' },
    outcomeSeq: 0,
  };
};

export const outcomeOf = (message: StreamMessage): LoggedMessage => ({
  seq: message.seq,
  outcome: webhookOutcomeSchema.parse(JSON.parse(Buffer.from(message.data).toString('utf8'))),
  outcomeSeq: message.seq,
  handledAt: message.storedAt,
});

const foldOf = (projection: string): Fold<LoggedMessage> => ({
  projection,
  begin: () => ({ write: writeWebhookLog }),
});

export const arrivalsFold = foldOf('webhook-arrivals');
export const outcomesFold = foldOf('webhook-outcomes');
