import 'reflect-metadata';
import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  Controller,
  type DynamicModule,
  ForbiddenException,
  Get,
  Global,
  HttpCode,
  Module,
  Post,
  type RawBodyRequest,
  Req,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { namingFor } from '@tallystream/contracts';
import { JetStreamModule, JetStreamServer } from '@tallystream/jetstream';
import { APP_NAME, CONFIG, loadConfig, NAMING } from '@tallystream/platform';
import { natsOptions } from '@tallystream/testing';
import type { Request } from 'express';
import { connect, type JetStreamClient } from 'nats';
import { ledgerProvider } from '../../../apps/ingress/src/ledger.provider';
import { ObservationRequests } from '../../../apps/ingress/src/observation-requests';
import { Translator } from '../../../apps/ingress/src/translator';
import { WebhookLogProjector } from '../../../apps/ingress/src/webhook-log.projector';
import { WebhookLogStore } from '../../../apps/ingress/src/webhook-log.store';

// The floor: verifies the signature over the raw bytes, parses the JSON, publishes, answers. Nothing else; with
// CONSUMERS=true also our own translator and webhook log, in the same process as in apps/ingress.

const config = loadConfig(['NATS_URL', 'DATABASE_URL'], process.env);
const naming = namingFor(config.NAMESPACE);
const secret = config.ZOHO_WEBHOOK_SECRET[0] ?? '';
let stream: JetStreamClient;

@Controller()
class BareController {
  @Get('health/ready')
  ready() {
    return {};
  }

  @Post('api/webhooks/zoho')
  @HttpCode(202)
  async receive(@Req() request: RawBodyRequest<Request>) {
    const body = request.rawBody ?? Buffer.alloc(0);
    const query = new URL(request.originalUrl, 'http://localhost').searchParams;
    const pairs = [...query].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => key + value);
    const digest = createHmac('sha256', secret).update(pairs.join('')).update(body).digest();
    const given = Buffer.from(request.get('x-zoho-webhook-signature') ?? '', 'hex');
    if (given.length !== digest.length || !timingSafeEqual(given, digest)) throw new ForbiddenException();
    const [root] = Object.keys(request.body);
    const { seq } = await stream.publish(naming.inboxSubject(root ?? 'unknown', 'updated'), body);
    return { status: 'accepted', id: String(seq) };
  }
}

@Global()
@Module({
  providers: [
    { provide: CONFIG, useValue: config },
    { provide: NAMING, useValue: naming },
    { provide: APP_NAME, useValue: 'bare-route' },
  ],
  exports: [CONFIG, NAMING, APP_NAME],
})
class Settings {}

class BareApp {}
class Consumers {}

const bare: DynamicModule = { module: BareApp, controllers: [BareController] };
const consumers: DynamicModule = {
  module: Consumers,
  imports: [Settings, JetStreamModule],
  controllers: [Translator, WebhookLogProjector],
  providers: [ObservationRequests, WebhookLogStore, ledgerProvider],
};

const start = async () => {
  const connection = await connect({ ...natsOptions(config.NATS_URL), noAsyncTraces: true });
  stream = connection.jetstream();
  const withConsumers = process.env.CONSUMERS === 'true';
  const root: DynamicModule = { module: class Root {}, imports: withConsumers ? [bare, consumers] : [bare] };
  const app = await NestFactory.create(root, { rawBody: true, logger: ['error', 'warn'] });
  app.enableShutdownHooks();
  if (withConsumers) {
    app.connectMicroservice({ strategy: app.get(JetStreamServer) });
    await app.startAllMicroservices();
  }
  await app.listen(config.PORT, config.HOST);
};

void start();
