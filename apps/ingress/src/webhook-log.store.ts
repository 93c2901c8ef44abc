import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Naming, StreamSeq } from '@tallystream/contracts';
import type { StartPosition, StreamMessage } from '@tallystream/jetstream';
import { CONFIG, type Config, NAMING } from '@tallystream/platform';
import {
  type Database,
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

type Side = 'arrivals' | 'outcomes';

/** The webhook log: one table, fed from the inbox and from the outcomes. */
@Injectable()
export class WebhookLogStore implements OnApplicationShutdown {
  readonly database: Database;
  private readonly projections: Readonly<Record<Side, PostgresProjection>>;

  constructor(@Inject(CONFIG) config: Config, @Inject(NAMING) naming: Naming) {
    this.database = webhookLogDatabase({ url: config.DATABASE_URL, schema: naming.schema });
    this.projections = {
      arrivals: new PostgresProjection(this.database, 'webhook-arrivals'),
      outcomes: new PostgresProjection(this.database, 'webhook-outcomes'),
    };
  }

  start(side: Side, signal: AbortSignal): Promise<StartPosition | undefined> {
    return this.projections[side].start(signal);
  }

  async apply(
    side: Side,
    messages: readonly StreamMessage[],
    entries: readonly LoggedOutcome[],
  ): Promise<void> {
    const last = messages.at(-1);
    if (last) await this.projections[side].apply(last.seq, (manager) => writeWebhookLog(manager, entries));
  }

  list(filter: WebhookLogFilter): Promise<Page<WebhookLogEntry>> {
    return listWebhooks(this.database, filter);
  }

  find(sequence: StreamSeq): Promise<WebhookLogEntry | undefined> {
    return findWebhook(this.database, sequence);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(
      Object.values(this.projections).map((projection) => projection.onApplicationShutdown()),
    );
    await this.database.onApplicationShutdown();
  }
}
