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
  readonly arrivals: PostgresProjection<StreamMessage>;
  readonly outcomes: PostgresProjection<StreamMessage>;

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

const arrivalOf = (message: StreamMessage): LoggedOutcome => {
  const { entity, event } = webhookFrom(message);
  return {
    outcome: { sequence: message.seq, entity, event, receivedAt: message.storedAt, status: 'pending' },
    outcomeSeq: 0,
  };
};

const outcomeOf = (message: StreamMessage): LoggedOutcome => ({
  outcome: webhookOutcomeSchema.parse(JSON.parse(Buffer.from(message.data).toString('utf8'))),
  outcomeSeq: message.seq,
  handledAt: message.storedAt,
});

const foldOf = (
  projection: string,
  entryOf: (message: StreamMessage) => LoggedOutcome,
): Fold<StreamMessage> => ({
  projection,
  begin: () => ({ write: (manager, messages) => writeWebhookLog(manager, messages.map(entryOf)) }),
});

export const arrivalsFold = foldOf('webhook-arrivals', arrivalOf);
export const outcomesFold = foldOf('webhook-outcomes', outcomeOf);
