import type { Provider } from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection } from '@tallystream/jetstream';
import { CONFIG, type Config, NAMING } from '@tallystream/platform';
import { postgresStore, Rebuilder } from '@tallystream/rebuild';
import { arrivals, outcomes } from './webhook-log.projector';
import { arrivalOf, arrivalsFold, outcomeOf, outcomesFold, WebhookLogStore } from './webhook-log.store';

/** Makes the webhook log again, from the inbox and the outcomes. */
export const webhookLogRebuilder: Provider = {
  provide: Rebuilder,
  inject: [JETSTREAM, NAMING, CONFIG, WebhookLogStore],
  useFactory: (
    connection: JetStreamConnection,
    naming: Naming,
    config: Config,
    { database: live }: WebhookLogStore,
  ) => {
    const log = postgresStore({
      connection,
      naming,
      live,
      url: config.DATABASE_URL,
      store: 'webhook-log',
      madeOf: [
        { consumer: arrivals, read: arrivalOf, fold: arrivalsFold },
        { consumer: outcomes, read: outcomeOf, fold: outcomesFold },
      ],
    });
    const watchEveryMs = config.WATCH_EVERY_SECONDS * 1_000;
    return new Rebuilder({ connection, naming, watchEveryMs, stores: [log] });
  },
};
