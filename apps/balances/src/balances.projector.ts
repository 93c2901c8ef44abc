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
import { type LevelEvent, PostgresProjection, writeBalances } from '@tallystream/projection-store';

const balances: BatchConsumer = {
  name: 'balances',
  stream: 'STOCK',
  filter: 'stock.changed.>',
  maxBatch: 1_000,
  store: 'postgres',
};

/** Folds level events into the table of balances. */
@ApiExcludeController()
@Controller()
export class BalancesProjector {
  constructor(private readonly projection: PostgresProjection) {}

  @OnStart(balances)
  startFrom(@Payload() signal: AbortSignal): Promise<StartPosition | undefined> {
    return this.projection.start(signal);
  }

  @OnBatch(balances)
  async project(@Payload() messages: readonly StreamMessage[]): Promise<void> {
    const last = messages.at(-1);
    if (!last) return;
    const events = messages.flatMap(levelEventOf);
    await this.projection.apply(last.seq, (manager) => writeBalances(manager, events));
  }
}

const levelEventOf = (message: StreamMessage): readonly LevelEvent[] => {
  const { event, seq } = storedEvent(message);
  return event.type === 'StockChanged' ? [{ data: event.data, seq, storedAt: message.storedAt }] : [];
};
