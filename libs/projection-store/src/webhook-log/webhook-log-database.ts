import { AddCheckpointVersion1795305600000 } from '../add-checkpoint-version.migration';
import { CreateCheckpoints1767225600000 } from '../checkpoints';
import { Database, type DatabasePlace } from '../database';
import { AddHandledAt1795219200000 } from './add-handled-at.migration';
import { CreateWebhookLog1767225600003 } from './create-webhook-log.migration';

/** The webhook log, for whoever writes or reads it. */
export const webhookLogDatabase = (place: DatabasePlace): Database =>
  new Database({
    ...place,
    owner: 'ingress',
    entities: [],
    migrations: [
      CreateCheckpoints1767225600000,
      CreateWebhookLog1767225600003,
      AddHandledAt1795219200000,
      AddCheckpointVersion1795305600000,
    ],
    privileges: [
      {
        app: 'ingress',
        may: ['SELECT', 'INSERT', 'UPDATE'],
        on: ['webhook_log'],
        projections: ['webhook-arrivals', 'webhook-outcomes'],
      },
      { app: 'reconciler', may: ['SELECT'], on: ['webhook_log'] },
    ],
  });
