import { setTimeout as pause } from 'node:timers/promises';
import { Controller, Inject, type OnApplicationShutdown } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Naming, StreamSeq } from '@tallystream/contracts';
import {
  type BatchConsumer,
  OnBatch,
  OnStart,
  type ProjectionProgress,
  type StartPosition,
  type StreamMessage,
} from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';
import { acquireLease, type Lease, redisUnavailable, type StockCache } from '@tallystream/redis';
import type Redis from 'ioredis';
import { CacheRefresh } from './cache-refresh';
import { levelEventOf } from './level-event';
import { CACHE_PROGRESS, REDIS, STOCK_CACHE } from './tokens';

export const cache: BatchConsumer = {
  name: 'stock-cache',
  stream: 'STOCK',
  filter: 'stock.changed.>',
  maxBatch: 1_000,
  store: 'redis',
};

const WATCH_MS = 2_000;

/**
 * Feeds the stock cache, one replica at a time, which also keeps it fresh. An empty Redis is filled with the newest
 * event of every level.
 */
@ApiExcludeController()
@Controller()
export class StockCacheProjector implements OnApplicationShutdown {
  private readonly stopping = new AbortController();
  private lease: Lease | undefined;
  private refreshing: Promise<void> = Promise.resolve();
  private position: StreamSeq | undefined;
  /** As long as the position that was begun from holds. */
  private standing = new AbortController();

  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(STOCK_CACHE) private readonly stock: StockCache,
    @Inject(CACHE_PROGRESS) private readonly progress: ProjectionProgress,
    @Inject(NAMING) private readonly naming: Naming,
    private readonly refresh: CacheRefresh,
  ) {}

  @OnStart(cache)
  async startFrom(@Payload() signal: AbortSignal): Promise<StartPosition | undefined> {
    try {
      if (!this.lease?.isHeld()) {
        await this.lease?.release();
        this.lease = await acquireLease(this.redis, this.naming.redisKey('stock-cache:owner'), signal);
        if (!this.lease) return undefined;
        this.refreshing = this.refresh.keep(AbortSignal.any([this.lease.lost, this.stopping.signal]));
      }
      this.position = await this.stock.begin();
      // What is filled anew is as fresh as a refresh would make it.
      if (this.position === undefined) await this.stock.noteRefresh(Date.now());
    } catch (error) {
      throw redisUnavailable(error);
    }
    this.standing.abort();
    this.standing = new AbortController();
    const until = AbortSignal.any([this.lease.lost, this.stopping.signal, this.standing.signal]);
    void this.watchCheckpoint(this.standing, until);
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
    this.progress.advanced(last.seq);
  }

  /** When the cache is to be made anew, the checkpoint is taken away: without a next event nobody would see it. */
  private async watchCheckpoint(standing: AbortController, until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      await pause(WATCH_MS, undefined, { signal: until }).catch(() => undefined);
      const { position } = this;
      const found = await this.stock.checkpoint().catch(() => position);
      if (position !== undefined && found === undefined) standing.abort();
    }
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.refreshing;
    await this.lease?.release();
    this.redis.disconnect();
  }
}
