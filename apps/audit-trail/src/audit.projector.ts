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
import { storedEvent } from '@tallystream/ledger';
import {
  appendAuditEvents,
  type Fold,
  newestHash,
  PostgresProjection,
  type RecordedEvent,
} from '@tallystream/projection-store';

export const audit: BatchConsumer = {
  name: 'audit-trail',
  stream: 'STOCK',
  filter: 'stock.>',
  maxBatch: 1_000,
  store: 'audit',
};

/** Every event of the ledger, each chained to the one before. */
export const auditFold: Fold<StreamMessage> = {
  projection: audit.name,
  begin: async (database) => {
    let newest = await newestHash(database);
    let next = newest;
    return {
      write: async (manager, messages) => {
        next = await appendAuditEvents(manager, newest, messages.map(recordedEventOf));
      },
      // A batch that failed is not part of the chain.
      committed: () => {
        newest = next;
      },
    };
  },
};

/** Appends the events of the ledger to the audit trail. */
@ApiExcludeController()
@Controller()
export class AuditProjector {
  constructor(private readonly projection: PostgresProjection<StreamMessage>) {}

  @OnStart(audit)
  startFrom(@Payload() signal: AbortSignal): Promise<StartPosition | undefined> {
    return this.projection.start(signal);
  }

  @OnBatch(audit)
  project(@Payload() messages: readonly StreamMessage[]): Promise<void> {
    return this.projection.project(messages);
  }
}

const recordedEventOf = (message: StreamMessage): RecordedEvent => ({
  seq: message.seq,
  subject: message.subject,
  id: message.header('ce-id') ?? '',
  ceType: message.header('ce-type') ?? '',
  event: storedEvent(message).event,
  data: message.data,
  storedAt: message.storedAt,
});
