import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { type ItemId, type Naming, streamSeq } from '@tallystream/contracts';
import {
  backlog,
  JETSTREAM,
  type JetStreamConnection,
  lastSequence,
  type ProjectionProgress,
} from '@tallystream/jetstream';
import { isObservationWaiting, requestObservations } from '@tallystream/ledger';
import { NAMING } from '@tallystream/platform';
import type { StockMisses } from '@tallystream/redis';
import { CACHE_PROGRESS, STOCK_MISSES } from '../tokens';
import { countMiss } from './metrics';

/** How long a read waits for Zoho. */
const WAIT_MS = 5_000;
const LOOK_MS = 200;

/**
 * Has items that no store knows looked at in Zoho, through the queue of observations: the reconciler spends the
 * budget, the ledger gets what Zoho says, and the stores have it like all else. One look per item at a time, across
 * replicas, and none for a while after it: see `stockMisses`.
 */
@Injectable()
export class FetchOnMiss {
  private readonly logger = new Logger('fetch-on-miss');
  private readonly fetching = new Map<ItemId, Promise<void>>();

  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
    @Inject(STOCK_MISSES) private readonly misses: StockMisses,
    @Inject(CACHE_PROGRESS) private readonly progress: ProjectionProgress,
  ) {}

  /** Resolves when the stores have what Zoho said, when it is not asked, or when waiting is over. Never fails. */
  async fetch(itemIds: readonly ItemId[]): Promise<void> {
    await Promise.all(itemIds.map((itemId) => this.fetching.get(itemId) ?? this.begin(itemId)));
  }

  private begin(itemId: ItemId): Promise<void> {
    const over = new AbortController();
    const looked = this.look(itemId, over.signal).catch((error: unknown) => {
      countMiss('failed');
      this.logger.warn(`${itemId} could not be asked for: ${error instanceof Error ? error.message : error}`);
    });
    const waitingIsOver = pause(WAIT_MS, undefined, { signal: over.signal }).catch(() => undefined);
    const fetched = Promise.race([looked, waitingIsOver]).finally(() => {
      over.abort();
      this.fetching.delete(itemId);
    });
    this.fetching.set(itemId, fetched);
    return fetched;
  }

  private async look(itemId: ItemId, signal: AbortSignal): Promise<void> {
    const { connection, naming } = this;
    // Without credentials for Zoho nobody takes from the queue.
    if (!(await backlog(connection, naming, 'ZOHO_OBSERVE', 'observer'))) return countMiss('refused');
    const taken = await this.misses.take(itemId);
    if (taken.turn === 'spent') return countMiss('refused');
    countMiss(taken.turn === 'ask' ? 'asked' : 'asked by others');
    if (taken.turn === 'asked' && taken.agoMs > WAIT_MS) return;
    if (taken.turn === 'ask') {
      const request = { because: 'read', delayMs: 0, inDoubt: false, atOnce: true };
      await requestObservations(connection, naming, [itemId], request);
    }
    while (!signal.aborted && (await isObservationWaiting(connection, naming, itemId))) {
      await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
    // What the look brought is in the ledger; here it counts when it is in the cache.
    const end = await lastSequence(connection, naming.stream('STOCK'));
    if (!signal.aborted) await this.progress.passed(streamSeq(end));
  }
}
