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
import { storedEvent } from '@tallystream/ledger';
import { type PostgresProjection, type RecordedDriftEvent, writeDrifts } from '@tallystream/projection-store';

export const DRIFT_PROJECTION = Symbol('DriftProjection');

const drift: BatchConsumer = { name: 'drift', stream: 'STOCK', filter: 'stock.drift.>', maxBatch: 500 };

/** Folds the events of drifts into their table. */
@ApiExcludeController()
@Controller()
export class DriftProjector {
  constructor(@Inject(DRIFT_PROJECTION) private readonly projection: PostgresProjection) {}

  @OnStart(drift)
  startFrom(@Payload() signal: AbortSignal): Promise<StartPosition | undefined> {
    return this.projection.start(signal);
  }

  @OnBatch(drift)
  async project(@Payload() messages: readonly StreamMessage[]): Promise<void> {
    const last = messages.at(-1);
    if (!last) return;
    const events = messages.flatMap(driftEventOf);
    await this.projection.apply(last.seq, (manager) => writeDrifts(manager, events));
  }
}

const driftEventOf = (message: StreamMessage): readonly RecordedDriftEvent[] => {
  const { event, seq } = storedEvent(message);
  return event.type === 'DriftDetected' || event.type === 'DriftResolved' ? [{ event, seq }] : [];
};
