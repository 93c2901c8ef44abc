import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { ApiExcludeController } from '@nestjs/swagger';
import {
  type BatchConsumer,
  OnBatch,
  OnStart,
  type StartPosition,
  type StreamMessage,
} from '@tallystream/jetstream';
import { arrivalOf, outcomeOf, WebhookLogStore } from './webhook-log.store';

export const arrivals: BatchConsumer = {
  name: 'webhook-arrivals',
  stream: 'ZOHO_INBOX',
  filter: 'zoho.inbox.>',
  maxBatch: 500,
  headersOnly: true,
};
export const outcomes: BatchConsumer = {
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
    return this.store.arrivals.start(signal);
  }

  @OnBatch(arrivals)
  arrived(@Payload() messages: readonly StreamMessage[]): Promise<void> {
    return this.store.arrivals.project(messages.map(arrivalOf));
  }

  @OnStart(outcomes)
  outcomesFrom(@Payload() signal: AbortSignal): Promise<StartPosition | undefined> {
    return this.store.outcomes.start(signal);
  }

  @OnBatch(outcomes)
  handled(@Payload() messages: readonly StreamMessage[]): Promise<void> {
    return this.store.outcomes.project(messages.map(outcomeOf));
  }
}
