import { once } from 'node:events';
import { Controller, Inject, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { ApiExcludeController } from '@nestjs/swagger';
import { streamSeq } from '@tallystream/contracts';
import {
  type BatchConsumer,
  OnBatch,
  OnStart,
  type StartPosition,
  type StreamMessage,
} from '@tallystream/jetstream';
import { CONFIG, type Config, Health } from '@tallystream/platform';
import { Database, PostgresProjection } from '@tallystream/projection-store';
import { Counter, Gauge } from 'prom-client';
import { changedItems } from './changed-items';
import { type Shop, shopCalls } from './shop-calls';

const changes: BatchConsumer = {
  name: 'revalidation',
  stream: 'STOCK',
  filter: 'stock.changed.>',
  maxBatch: 5_000,
  // Subjects name the items.
  headersOnly: true,
};

const calls = new Counter({
  name: 'tally_revalidation_calls_total',
  help: 'Calls of REVALIDATE_URL: accepted, failed (each attempt)',
  labelNames: ['outcome'],
});
const waiting = new Gauge({
  name: 'tally_revalidation_waiting_items',
  help: 'Changed items of which the shop has not been told yet',
});

/**
 * Tells a web shop which items changed, so that it can refresh its pages. A projection like the others: one replica
 * at a time, its position in Postgres; only that what it writes to is the shop (docs/adr/0012). It waits for nobody
 * but the shop, and nobody waits for it.
 */
@ApiExcludeController()
@Controller()
export class RevalidationConsumer implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('revalidation');
  private readonly shop: Shop | undefined;
  private readonly position: PostgresProjection;
  private items: ReturnType<typeof changedItems> | undefined;
  private ending = new AbortController();
  private failure: Readonly<{ reason: string; since: string }> | undefined;

  constructor(
    @Inject(CONFIG) { REVALIDATE_URL: url, REVALIDATE_SECRET: secret }: Config,
    database: Database,
    private readonly health: Health,
  ) {
    this.shop = url && secret ? { url, secret } : undefined;
    const write = async () => undefined;
    this.position = new PostgresProjection(database, { projection: changes.name, begin: () => ({ write }) });
  }

  onModuleInit(): void {
    if (!this.shop) return;
    this.health.register('revalidation', async () =>
      this.failure
        ? {
            status: 'degraded',
            detail: `the shop cannot be told since ${this.failure.since}: ${this.failure.reason}`,
          }
        : { status: 'up' },
    );
  }

  @OnStart(changes)
  async startFrom(@Payload() signal: AbortSignal): Promise<StartPosition | undefined> {
    if (!this.shop) return noStart(signal);
    this.ending.abort();
    const start = await this.position.start(signal);
    if (!start) return undefined;
    const until = this.tellOn(this.shop, start.until);
    // A shop that was never told anything may show any page, however old: it is told of every item.
    return start.after === 0 ? { seed: 'last-per-subject', until } : { after: start.after, until };
  }

  @OnBatch(changes)
  async gather(@Payload() messages: readonly StreamMessage[]): Promise<void> {
    const last = messages.at(-1);
    if (!last) return;
    this.items?.add(messages.map(itemOf), last.seq);
    waiting.set(this.items?.waiting() ?? 0);
  }

  async onApplicationShutdown(): Promise<void> {
    this.ending.abort();
    await this.position.onApplicationShutdown();
  }

  /** @returns what aborts when the ownership is lost, or the position cannot be kept: then all begins again there */
  private tellOn(shop: Shop, lost: AbortSignal): AbortSignal {
    const ending = new AbortController();
    this.ending = ending;
    lost.addEventListener('abort', () => ending.abort(), { once: true });
    const items = changedItems({
      tell: shopCalls(shop, (failure) => this.report(failure)),
      keep: async (seq) => {
        await this.position.project([{ seq: streamSeq(seq) }]);
        waiting.set(items.waiting());
      },
      signal: ending.signal,
    });
    this.items = items;
    items.tellOn().catch((error: unknown) => {
      if (!ending.signal.aborted) this.logger.warn(`begins again: ${String(error)}`);
      ending.abort();
    });
    return ending.signal;
  }

  private report(failure?: Error): void {
    calls.inc({ outcome: failure ? 'failed' : 'accepted' });
    if (!failure) {
      if (this.failure) this.logger.log('the shop can be told again');
      this.failure = undefined;
      return;
    }
    if (this.failure?.reason !== failure.message)
      this.logger.warn(`the shop cannot be told: ${failure.message}`);
    this.failure = { since: new Date().toISOString(), ...this.failure, reason: failure.message };
  }
}

const itemOf = ({ subject }: StreamMessage): string => subject.slice(subject.lastIndexOf('.') + 1);

const noStart = async (signal: AbortSignal): Promise<undefined> => {
  if (!signal.aborted) await once(signal, 'abort');
};
