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
import { storedEvent } from '@tallystream/ledger';
import { type Fold, type LevelEvent, PostgresProjection, writeBalances } from '@tallystream/projection-store';
import { BALANCES_PROGRESS } from './tokens';

export const balances: BatchConsumer = {
  name: 'balances',
  stream: 'STOCK',
  filter: 'stock.changed.>',
  maxBatch: 1_000,
  store: 'postgres',
};

/** Level events into the table of balances. */
export const balancesFold: Fold<StreamMessage> = {
  projection: balances.name,
  begin: () => ({ write: (manager, messages) => writeBalances(manager, messages.flatMap(levelEventOf)) }),
};

@ApiExcludeController()
@Controller()
export class BalancesProjector {
  constructor(
    private readonly projection: PostgresProjection<StreamMessage>,
    @Inject(BALANCES_PROGRESS) private readonly progress: ProjectionProgress,
  ) {}

  @OnStart(balances)
  startFrom(@Payload() signal: AbortSignal): Promise<StartPosition | undefined> {
    return this.projection.start(signal);
  }

  @OnBatch(balances)
  async project(@Payload() messages: readonly StreamMessage[]): Promise<void> {
    await this.projection.project(messages);
    const last = messages.at(-1);
    if (last) this.progress.advanced(last.seq);
  }
}

const levelEventOf = (message: StreamMessage): readonly LevelEvent[] => {
  const { event, seq } = storedEvent(message);
  return event.type === 'StockChanged' ? [{ data: event.data, seq, storedAt: message.storedAt }] : [];
};
