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
  Database,
  GENESIS,
  newestHash,
  PostgresProjection,
  type RecordedEvent,
} from '@tallystream/projection-store';

const audit: BatchConsumer = {
  name: 'audit-trail',
  stream: 'STOCK',
  filter: 'stock.>',
  maxBatch: 1_000,
  store: 'audit',
};

/** Appends every event of the ledger to the audit trail, each chained to the one before. */
@ApiExcludeController()
@Controller()
export class AuditProjector {
  private newest: Buffer = GENESIS;

  constructor(
    private readonly projection: PostgresProjection,
    private readonly database: Database,
  ) {}

  @OnStart(audit)
  async startFrom(@Payload() signal: AbortSignal): Promise<StartPosition | undefined> {
    const position = await this.projection.start(signal);
    if (position) this.newest = await newestHash(this.database);
    return position;
  }

  @OnBatch(audit)
  async project(@Payload() messages: readonly StreamMessage[]): Promise<void> {
    const last = messages.at(-1);
    if (!last) return;
    let hash = this.newest;
    await this.projection.apply(last.seq, async (manager) => {
      hash = await appendAuditEvents(manager, this.newest, messages.map(recordedEventOf));
    });
    // Only once the transaction holds: a batch that failed is not part of the chain.
    this.newest = hash;
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
