import { Controller, Inject } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { ApiExcludeController } from '@nestjs/swagger';
import {
  type BatchConsumer,
  OnBatch,
  OnStart,
  type ProjectionProgress,
  type StartPosition,
  type StreamMessage,
} from '@tallystream/jetstream';
import {
  AUDIT_PROJECTION,
  appendAuditEvents,
  type Fold,
  newestHash,
  PostgresProjection,
  type RecordedEvent,
} from '@tallystream/projection-store';
import { recordedEventOf } from './recorded-event';
import { AUDIT_PROGRESS } from './tokens';

export const audit: BatchConsumer = {
  name: AUDIT_PROJECTION,
  stream: 'STOCK',
  filter: 'stock.>',
  maxBatch: 1_000,
  store: 'audit',
};

/** Every event of the ledger, each chained to the one before. */
export const auditFold: Fold<RecordedEvent> = {
  projection: audit.name,
  begin: async (database) => {
    let newest = await newestHash(database);
    let next = newest;
    return {
      write: async (manager, events) => {
        next = await appendAuditEvents(manager, newest, events);
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
  constructor(
    private readonly projection: PostgresProjection<RecordedEvent>,
    @Inject(AUDIT_PROGRESS) private readonly progress: ProjectionProgress,
  ) {}

  @OnStart(audit)
  startFrom(@Payload() signal: AbortSignal): Promise<StartPosition | undefined> {
    return this.projection.start(signal);
  }

  @OnBatch(audit)
  async project(@Payload() messages: readonly StreamMessage[]): Promise<void> {
    await this.projection.project(messages.map(recordedEventOf));
    const last = messages.at(-1);
    if (last) this.progress.advanced(last.seq);
  }
}
