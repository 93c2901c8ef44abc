import { Inject, type MiddlewareConsumer, Module, type NestModule, type OnModuleInit } from '@nestjs/common';
import {
  JETSTREAM,
  type JetStreamConnection,
  JetStreamServer,
  probeNats,
  withConsumers,
} from '@tallystream/jetstream';
import { Health } from '@tallystream/platform';
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
    private readonly health: Health,
    private readonly consumers: JetStreamServer,
  ) {}

  configure(consumer: MiddlewareConsumer): void {
    // The signature is over the bytes as they came, so nothing may parse or unpack them before.
    const body = raw({ type: () => true, limit: MAX_BODY, inflate: false });
    consumer.apply(timeAnswer, body).forRoutes(WebhooksController);
  }

  onModuleInit(): void {
    const askNats = probeNats(this.connection);
    this.health.register('ingress', async () => {
      const nats = await askNats();
      return withConsumers(this.consumers, ['translator', 'webhook-arrivals', 'webhook-outcomes'], {
        status: nats.status,
        dependencies: { nats },
      });
    });
  }
}
