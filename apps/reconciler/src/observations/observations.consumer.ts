import {
  type BeforeApplicationShutdown,
  Controller,
  Inject,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { ApiExcludeController } from '@nestjs/swagger';
import type { ItemId, Naming, RunId } from '@tallystream/contracts';
import {
  DeadLetter,
  type MessageConsumer,
  OnMessage,
  OnTurn,
  type StreamMessage,
  type Turn,
} from '@tallystream/jetstream';
import { queuedRequest } from '@tallystream/ledger';
import { CONFIG, type Config, NAMING } from '@tallystream/platform';
import { ZohoError } from '@tallystream/zoho';
import { CatchUp } from '../catch-up/catch-up.service';
import { Leadership } from '../leadership';
import { Looking } from './looking';
import { countObservations } from './metrics';
import { type Observer, type ObserverEvents, observer } from './observer';

const requests: MessageConsumer = {
  name: 'observer',
  stream: 'ZOHO_OBSERVE',
  filter: 'zoho.observe.>',
  // All that wait for their moment are in hand; one call takes a hundred of them.
  concurrency: 1_000,
};

/** Requests that come together make one call. */
const GATHER_MS = 200;

/** A search for missed documents is due again after this. */
const SEARCH_PAUSE_MS = 60_000;

/** Drains the queue of items to look at, on the leading replica. */
@ApiExcludeController()
@Controller()
export class ObservationsConsumer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('observer');
  private readonly stopping = new AbortController();
  /** Of what changed, many items in a call; and of what somebody waits for. */
  private readonly observers: Readonly<Record<'many' | 'atOnce', Observer>> | undefined;
  private working: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly leadership: Leadership,
    private readonly looking: Looking,
    private readonly catchUp: CatchUp,
    @Inject(NAMING) private readonly naming: Naming,
    @Inject(CONFIG) config: Config,
  ) {
    const { parts } = looking;
    if (!parts) return;
    const delayMs = Math.max(config.ZOHO_OBSERVE_DELAY_MS, 0);
    const events: ObserverEvents = {
      observed: countObservations,
      lookAgain: (observed, runId) => looking.again(observed, runId),
      explain: (items, runId) => this.explain(items, runId),
      failed: (error) => this.warn(error),
    };
    this.observers = {
      many: observer(parts, { batchSize: config.ZOHO_BATCH_SIZE, delayMs, gatherMs: GATHER_MS }, events),
      // One in a call: readers may ask for what does not exist, and among others that is looked for with many.
      atOnce: observer(parts, { batchSize: 1, delayMs: 0, gatherMs: 0 }, events),
    };
  }

  onApplicationBootstrap(): void {
    const { observers } = this;
    if (!observers) return;
    this.working = Promise.all([
      this.workWhileLeading(observers.many),
      this.workWhileLeading(observers.atOnce),
    ]);
  }

  /** Before the transport ends: it waits for the requests in hand, which wait for us. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.working;
  }

  /** Without credentials nobody takes from the queue: it keeps what is to be looked at. */
  @OnTurn(requests)
  async startWhenLeading(@Payload() signal: AbortSignal): Promise<Turn | undefined> {
    if (!this.observers) return undefined;
    return this.leadership.lead(signal);
  }

  @OnMessage(requests)
  async observe(@Payload() message: StreamMessage): Promise<void> {
    const request = queuedRequest(this.naming, message);
    if (!request) throw new DeadLetter('bad_request', `${message.subject} names no item`);
    this.stopping.signal.throwIfAborted();
    await this.observers?.[request.atOnce ? 'atOnce' : 'many'].request(request);
  }

  /** At most once a minute: what differs meanwhile is looked at again then. */
  private async explain(items: readonly ItemId[], runId: RunId): Promise<readonly string[] | undefined> {
    const call = { priority: 'observation', signal: this.stopping.signal } as const;
    const lookedUp = await this.catchUp.seldomBecause(runId, call);
    if (!lookedUp) await this.looking.later(items, runId, SEARCH_PAUSE_MS);
    return lookedUp;
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
