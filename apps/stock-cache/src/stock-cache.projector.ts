import { Controller, Inject, type OnApplicationShutdown } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Naming, StreamSeq } from '@tallystream/contracts';
import {
  type BatchConsumer,
  OnBatch,
  OnStart,
  type StartPosition,
  type StreamMessage,
} from '@tallystream/jetstream';
import { storedEvent } from '@tallystream/ledger';
import { NAMING } from '@tallystream/platform';
import {
  acquireLease,
  type Lease,
  type LevelEvent,
  redisUnavailable,
  type StockCache,
} from '@tallystream/redis';
import type Redis from 'ioredis';
import { REDIS, STOCK_CACHE } from './tokens';

const cache: BatchConsumer = {
  name: 'stock-cache',
  stream: 'STOCK',
  filter: 'stock.changed.>',
  maxBatch: 1_000,
  store: 'redis',
};

/** Feeds the stock cache. An empty Redis is filled with the newest event of every level. */
@ApiExcludeController()
@Controller()
export class StockCacheProjector implements OnApplicationShutdown {
  private lease: Lease | undefined;
  private position: StreamSeq | undefined;

  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(STOCK_CACHE) private readonly stock: StockCache,
    @Inject(NAMING) private readonly naming: Naming,
  ) {}

  @OnStart(cache)
  async startFrom(@Payload() signal: AbortSignal): Promise<StartPosition | undefined> {
    try {
      if (!this.lease?.isHeld()) {
        await this.lease?.release();
        this.lease = await acquireLease(this.redis, this.naming.redisKey('stock-cache:owner'), signal);
      }
      if (!this.lease) return undefined;
      this.position = await this.stock.checkpoint();
    } catch (error) {
      throw redisUnavailable(error);
    }
    const until = this.lease.lost;
    return this.position === undefined
      ? { seed: 'last-per-subject', until }
      : { after: this.position, until };
  }

  @OnBatch(cache)
  async project(@Payload() messages: readonly StreamMessage[]): Promise<void> {
    const last = messages.at(-1);
    if (!last) return;
    if (!this.lease?.isHeld()) throw new Error('the lease of the stock cache is lost');
    await this.stock.apply(messages.flatMap(levelEventOf), this.position, last.seq);
    this.position = last.seq;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.lease?.release();
    this.redis.disconnect();
  }
}

const levelEventOf = (message: StreamMessage): readonly LevelEvent[] => {
  const { event, seq } = storedEvent(message);
  return event.type === 'StockChanged' ? [{ data: event.data, seq }] : [];
};
