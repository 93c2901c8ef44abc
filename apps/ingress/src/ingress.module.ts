import { Inject, type MiddlewareConsumer, Module, type NestModule, type OnModuleInit } from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import {
  JETSTREAM,
  type JetStreamConnection,
  JetStreamServer,
  probeStream,
  withConsumers,
} from '@tallystream/jetstream';
import { Health, NAMING } from '@tallystream/platform';
import { raw } from 'express';
import { Inbox } from './inbox';
import { ledgerProvider } from './ledger.provider';
import { timeAnswer } from './metrics';
import { ObservationRequests } from './observation-requests';
import { Translator } from './translator';
import { WebhookLogController } from './webhook-log.controller';
import { WebhookLogProjector } from './webhook-log.projector';
import { webhookLogRebuilder } from './webhook-log.rebuilder';
import { WebhookLogStore } from './webhook-log.store';
import { WebhooksController } from './webhooks.controller';

const MAX_BODY = '8mb';

/** Webhooks in → inbox → ledger. */
@Module({
  controllers: [WebhooksController, WebhookLogController, Translator, WebhookLogProjector],
  providers: [Inbox, ObservationRequests, WebhookLogStore, webhookLogRebuilder, ledgerProvider],
})
export class IngressModule implements NestModule, OnModuleInit {
  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
    private readonly health: Health,
    private readonly consumers: JetStreamServer,
  ) {}

  configure(consumer: MiddlewareConsumer): void {
    // The signature is over the bytes as they came, so nothing may parse or unpack them before.
    const body = raw({ type: () => true, limit: MAX_BODY, inflate: false });
    consumer.apply(timeAnswer, body).forRoutes(WebhooksController);
  }

  onModuleInit(): void {
    // Webhooks are taken where they can be stored: a server without a leader for them takes none.
    const askInbox = probeStream(this.connection, this.naming.stream('ZOHO_INBOX'));
    this.health.register('ingress', async () => {
      const nats = await askInbox();
      return withConsumers(this.consumers, ['translator', 'webhook-arrivals', 'webhook-outcomes'], {
        status: nats.status,
        dependencies: { nats },
      });
    });
  }
}
