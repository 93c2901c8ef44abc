import { Controller, Inject } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { ApiExcludeController } from '@nestjs/swagger';
import {
  type BatchConsumer,
  OnBatch,
  OnStart,
  type StartPosition,
  type StreamMessage,
} from '@tallystream/jetstream';
import { type StoredEvent, storedEvent } from '@tallystream/ledger';
import {
  type Fold,
  type PostgresProjection,
  type RecordedDriftEvent,
  writeDrifts,
} from '@tallystream/projection-store';

export const DRIFT_PROJECTION = Symbol('DriftProjection');

export const drift: BatchConsumer = {
  name: 'drift',
  stream: 'STOCK',
  filter: 'stock.drift.>',
  maxBatch: 500,
};

/** The events of drifts into their table. */
export const driftFold: Fold<StoredEvent> = {
  projection: drift.name,
  begin: () => ({ write: (manager, events) => writeDrifts(manager, events.flatMap(driftEventOf)) }),
};

@ApiExcludeController()
@Controller()
export class DriftProjector {
  constructor(@Inject(DRIFT_PROJECTION) private readonly projection: PostgresProjection<StoredEvent>) {}

  @OnStart(drift)
  startFrom(@Payload() signal: AbortSignal): Promise<StartPosition | undefined> {
    return this.projection.start(signal);
  }

  @OnBatch(drift)
  project(@Payload() messages: readonly StreamMessage[]): Promise<void> {
    return this.projection.project(messages.map(storedEvent));
  }
}

const driftEventOf = ({ event, seq }: StoredEvent): readonly RecordedDriftEvent[] =>
  event.type === 'DriftDetected' || event.type === 'DriftResolved' ? [{ event, seq }] : [];
