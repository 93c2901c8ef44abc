import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { type Naming, UnreadableEvent } from '@tallystream/contracts';
import {
  JETSTREAM,
  type JetStreamConnection,
  newestMessages,
  type StreamMessage,
} from '@tallystream/jetstream';
import { CONFIG, type Config, NAMING } from '@tallystream/platform';
import type { LevelEvent, StockCache } from '@tallystream/redis';
import { Counter, Gauge } from 'prom-client';
import { levelEventOf } from './level-event';
import { STOCK_CACHE } from './tokens';

const EVERY_MS = 15 * 60_000;
const RETRY_MS = 60_000;
/** Levels in one step: Redis does nothing else meanwhile. */
const STEP = 200;

const refreshes = new Counter({
  name: 'tally_stock_cache_refreshes_total',
  help: 'Whole refreshes of the stock cache: completed, failed',
  labelNames: ['outcome'],
});
const levels = new Gauge({
  name: 'tally_stock_cache_levels',
  help: 'Levels that the last whole refresh of the stock cache wrote',
});
const removals = new Counter({
  name: 'tally_stock_cache_removed_keys_total',
  help: 'Keys of the stock cache that a refresh removed, as the ledger has no such level',
});

/**
 * Every quarter of an hour, writes the newest event of every level of the ledger into the cache again: levels live on
 * that nobody moves, what was evicted or changed by others comes back, and what the ledger does not know goes. It
 * needs neither Postgres nor memory for all levels, and may run beside the projection: the higher revision wins.
 */
@Injectable()
export class CacheRefresh {
  private readonly logger = new Logger('cache-refresh');
  private readonly everyMs: number;

  constructor(
    @Inject(STOCK_CACHE) private readonly cache: StockCache,
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
    @Inject(CONFIG) { STOCK_CACHE_TTL }: Config,
  ) {
    this.everyMs = Math.min(EVERY_MS, (STOCK_CACHE_TTL * 1_000) / 3);
  }

  /** Refreshes whenever it is due, until `signal` aborts: the work of whoever owns the projection. */
  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const waitMs = await this.onceIfDue(signal).catch((error: unknown) => this.failed(error, signal));
      await pause(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** @returns how many levels were written, and how many keys removed */
  async once(signal: AbortSignal): Promise<Readonly<{ written: number; removed: number }>> {
    const began = performance.now();
    let written = 0;
    const subject = this.naming.subject('stock.changed.>');
    for await (const page of newestMessages(this.connection, this.naming.stream('STOCK'), subject, STEP)) {
      signal.throwIfAborted();
      const events = page.flatMap(this.readable);
      await this.cache.refresh(events);
      written += events.length;
    }
    const removed = await this.cache.removeUnrenewed(() => performance.now() - began);
    await this.cache.noteRefresh(Date.now());
    refreshes.inc({ outcome: 'completed' });
    levels.set(written);
    removals.inc(removed);
    const took = Math.round(performance.now() - began);
    this.logger.log(`refreshed ${written} levels in ${took} ms, removed ${removed} keys`);
    return { written, removed };
  }

  /** By the clock of whoever refreshed last. @returns how long to wait for the next time, in milliseconds */
  private async onceIfDue(signal: AbortSignal): Promise<number> {
    const dueMs = (await this.cache.refreshedAt()) + this.everyMs - Date.now();
    if (dueMs > 0) return Math.min(dueMs, this.everyMs);
    await this.once(signal);
    return this.everyMs;
  }

  private failed(error: unknown, signal: AbortSignal): number {
    if (!signal.aborted) {
      refreshes.inc({ outcome: 'failed' });
      this.logger.warn(`not refreshed: ${error instanceof Error ? error.message : error}`);
    }
    return RETRY_MS;
  }

  /** One event that cannot be read must not cost all the others their lives. */
  private readonly readable = (message: StreamMessage): readonly LevelEvent[] => {
    try {
      return levelEventOf(message);
    } catch (error) {
      if (!(error instanceof UnreadableEvent)) throw error;
      this.logger.error(`${message.subject} is not refreshed: ${error.message}`);
      return [];
    }
  };
}
