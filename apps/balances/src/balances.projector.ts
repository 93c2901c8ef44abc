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
import { type StoredEvent, storedEvent } from '@tallystream/ledger';
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
export const balancesFold: Fold<StoredEvent> = {
  projection: balances.name,
  begin: () => ({ write: (manager, events) => writeBalances(manager, events.flatMap(levelEventOf)) }),
};

@ApiExcludeController()
@Controller()
export class BalancesProjector {
  constructor(
    private readonly projection: PostgresProjection<StoredEvent>,
    @Inject(BALANCES_PROGRESS) private readonly progress: ProjectionProgress,
  ) {}

  @OnStart(balances)
  startFrom(@Payload() signal: AbortSignal): Promise<StartPosition | undefined> {
    return this.projection.start(signal);
  }

  @OnBatch(balances)
  async project(@Payload() messages: readonly StreamMessage[]): Promise<void> {
    await this.projection.project(messages.map(storedEvent));
    const last = messages.at(-1);
    if (last) this.progress.advanced(last.seq);
  }
}

const levelEventOf = ({ event, seq, storedAt }: StoredEvent): readonly LevelEvent[] =>
  event.type === 'StockChanged' ? [{ data: event.data, seq, storedAt }] : [];
