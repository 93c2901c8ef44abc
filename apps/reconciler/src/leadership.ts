import { setTimeout as pause } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import type { Turn } from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';
import { acquireLease, type Redis } from '@tallystream/redis';
import { aborted } from './aborted';
import { REDIS } from './tokens';

const RETRY_MS = 500;

/**
 * One replica at a time runs sweeps and drains the observation queue: two would spend twice the calls on the
 * same items. The lease lies in Redis, beside the budget that it protects; where it fails for a moment, two
 * act at once, which costs calls and breaks nothing.
 */
@Injectable()
export class Leadership implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('leadership');
  private readonly stopping = new AbortController();
  private trying: Promise<void> = Promise.resolve();
  private turn: Turn | undefined;
  private waiting: ((turn: Turn | undefined) => void)[] = [];

  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(NAMING) private readonly naming: Naming,
  ) {}

  onApplicationBootstrap(): void {
    this.trying = this.keepTrying();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    for (const wake of this.waiting.splice(0)) wake(undefined);
    await this.trying;
  }

  get isLeader(): boolean {
    return this.turn !== undefined;
  }

  /** Waits until this replica leads; nothing when `signal` ends the waiting. */
  async lead(signal: AbortSignal): Promise<Turn | undefined> {
    if (signal.aborted || this.stopping.signal.aborted) return undefined;
    if (this.turn) return this.turn;
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
  }

  private async keepTrying(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.leadOnce();
      } catch {
        // Redis is away: it says so itself, in the log and in health.
      }
      await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private async leadOnce(): Promise<void> {
    const { signal } = this.stopping;
    const lease = await acquireLease(this.redis, this.naming.redisKey('zoho:leader'), signal);
    if (!lease) return;
    const until = AbortSignal.any([lease.lost, signal]);
    this.logger.log('this replica leads: it sweeps and observes');
    this.turn = { until };
    for (const wake of this.waiting.splice(0)) wake(this.turn);
    await aborted(until);
    this.turn = undefined;
    await lease.release();
  }
}
