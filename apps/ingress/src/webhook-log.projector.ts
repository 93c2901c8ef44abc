import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { ApiExcludeController } from '@nestjs/swagger';
import { webhookOutcomeSchema } from '@tallystream/contracts';
import { webhookFrom } from '@tallystream/inbox';
import {
  type BatchConsumer,
  OnBatch,
  OnStart,
  type StartPosition,
  type StreamMessage,
} from '@tallystream/jetstream';
import type { LoggedOutcome } from '@tallystream/projection-store';
import { WebhookLogStore } from './webhook-log.store';

const arrivals: BatchConsumer = {
  name: 'webhook-arrivals',
  stream: 'ZOHO_INBOX',
  filter: 'zoho.inbox.>',
  maxBatch: 500,
  headersOnly: true,
};
const outcomes: BatchConsumer = {
  name: 'webhook-outcomes',
  stream: 'ZOHO_OUTCOMES',
  filter: 'zoho.outcome.>',
  maxBatch: 500,
};

/** The webhook log in Postgres: a row when a webhook arrives, rewritten when it has been handled. */
@ApiExcludeController()
@Controller()
export class WebhookLogProjector {
  constructor(private readonly store: WebhookLogStore) {}

  @OnStart(arrivals)
  arrivalsFrom(@Payload() signal: AbortSignal): Promise<StartPosition | undefined> {
    return this.store.start('arrivals', signal);
  }

  @OnBatch(arrivals)
  async arrived(@Payload() messages: readonly StreamMessage[]): Promise<void> {
    await this.store.apply('arrivals', messages, messages.map(arrivalOf));
  }

  @OnStart(outcomes)
  outcomesFrom(@Payload() signal: AbortSignal): Promise<StartPosition | undefined> {
    return this.store.start('outcomes', signal);
  }

  @OnBatch(outcomes)
  async handled(@Payload() messages: readonly StreamMessage[]): Promise<void> {
    await this.store.apply('outcomes', messages, messages.map(outcomeOf));
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
