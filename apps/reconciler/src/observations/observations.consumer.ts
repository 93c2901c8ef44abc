import {
  Controller,
  Inject,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Catalogue } from '@tallystream/catalogue';
import { itemIdSchema, type Naming } from '@tallystream/contracts';
import {
  DeadLetter,
  JETSTREAM,
  type JetStreamConnection,
  type MessageConsumer,
  OnMessage,
  OnTurn,
  type StreamMessage,
  type Turn,
} from '@tallystream/jetstream';
import { type Ledger, requestedFor, requestObservations } from '@tallystream/ledger';
import { CONFIG, type Config, NAMING } from '@tallystream/platform';
import { type ZohoClient, ZohoError } from '@tallystream/zoho';
import { z } from 'zod';
import { Leadership } from '../leadership';
import { CATALOGUE, LEDGER, ZOHO } from '../tokens';
import { countObservations } from './metrics';
import { type Observer, observer } from './observer';

const requests: MessageConsumer = {
  name: 'observer',
  stream: 'ZOHO_OBSERVE',
  filter: 'zoho.observe.>',
  // All that wait for their moment are in hand; one call takes a hundred of them.
  concurrency: 1_000,
};

const requestSchema = z.object({ itemId: itemIdSchema });

/** Drains the queue of items to look at, on the leading replica. */
@ApiExcludeController()
@Controller()
export class ObservationsConsumer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('observer');
  private readonly stopping = new AbortController();
  private readonly observer: Observer | undefined;
  private working: Promise<void> = Promise.resolve();

  constructor(
    private readonly leadership: Leadership,
    @Inject(ZOHO) zoho: ZohoClient | undefined,
    @Inject(LEDGER) ledger: Ledger,
    @Inject(CATALOGUE) catalogue: Catalogue,
    @Inject(JETSTREAM) connection: JetStreamConnection,
    @Inject(NAMING) naming: Naming,
    @Inject(CONFIG) config: Config,
  ) {
    const delayMs = Math.max(config.ZOHO_OBSERVE_DELAY_MS, 0);
    this.observer =
      zoho &&
      observer(
        { connection, naming, ledger, catalogue, zoho, now: Date.now },
        { batchSize: config.ZOHO_BATCH_SIZE, delayMs },
        {
          observed: countObservations,
          lookAgain: (items, runId) =>
            requestObservations(connection, naming, items, { because: `look-again:${runId}`, delayMs }),
          failed: (error) => this.warn(error),
        },
      );
  }

  onApplicationBootstrap(): void {
    if (this.observer) this.working = this.workWhileLeading(this.observer);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.working;
  }

  /** Without credentials nobody takes from the queue: it keeps what is to be looked at. */
  @OnTurn(requests)
  async startWhenLeading(@Payload() signal: AbortSignal): Promise<Turn | undefined> {
    if (!this.observer) return undefined;
    return this.leadership.lead(signal);
  }

  @OnMessage(requests)
  async observe(@Payload() message: StreamMessage): Promise<void> {
    const parsed = requestSchema.safeParse({ itemId: message.subject.split('.').at(-1) });
    if (!parsed.success) throw new DeadLetter('bad_item', `${message.subject} names no item`);
    await this.observer?.request(parsed.data.itemId, requestedFor(message));
  }

  private async workWhileLeading(looking: Observer): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const turn = await this.leadership.lead(signal);
      if (turn) await looking.run(AbortSignal.any([signal, turn.until]));
    }
  }

  private warn(error: unknown): void {
    if (error instanceof ZohoError) this.logger.warn(`observations wait: ${error.message}`);
    else this.logger.error(error);
  }
}
