import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { type Naming, type StreamSeq, streamSeq } from '@tallystream/contracts';
import {
  JETSTREAM,
  type JetStreamConnection,
  lastSequence,
  messagesAfter,
  NatsUnavailable,
  watch,
} from '@tallystream/jetstream';
import { invalidRequest, NAMING } from '@tallystream/platform';
import { type ChangePage, type ChangeRing, changeRing, type Wants } from './change-ring';
import { loggedChange } from './logged-change';
import { type StoredPages, storedPages } from './stored-pages';

/** How many changes stay in memory: at 100 a second those of the last minute. */
const REMEMBERED = 6_000;
const START_AGAIN_MS = 500;
/** How long a reader waits for a process that has just started, and looks for NATS. */
const PATIENCE_MS = 5_000;

/** The newest changes, and where the stream ended when the process began to watch it. */
type Known = Readonly<{ ring: ChangeRing; began: number }>;

/**
 * The changes of all levels, in stream order, for any number of readers. The process watches the stream once, and
 * keeps the newest changes; a reader is nothing but a position, which it moves by pages, in memory or in the stream.
 * So there is no moment between replay and live, and nothing is kept for a reader that does not read.
 */
@Injectable()
export class ChangeLog implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('live');
  private readonly stopping = new AbortController();
  private readonly listeners = new Set<() => void>();
  private readonly stored: StoredPages;
  private readonly stream: string;
  private readonly subject: string;
  private known: Known | undefined;
  private watching: Promise<void> = Promise.resolve();
  private isNewsDue = false;

  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) naming: Naming,
  ) {
    this.stream = naming.stream('STOCK');
    this.subject = naming.subject('stock.changed.>');
    this.stored = storedPages(async (after, max) => {
      const messages = await messagesAfter(this.connection, this.stream, this.subject, { after, max });
      return messages.map(loggedChange);
    });
    // Every reader listens to it.
    setMaxListeners(0, this.stopping.signal);
  }

  onApplicationBootstrap(): void {
    this.watching = this.watchFromNearTheEnd();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.watching;
  }

  /** Aborts when the process is about to end. */
  get ending(): AbortSignal {
    return this.stopping.signal;
  }

  /**
   * What a reader at a position wants, `max` changes at most. Looks at a bounded part of the stream, so that nothing
   * may be found although there is more: then `nextSeq` has moved on.
   * @throws NatsUnavailable when it is not in memory
   */
  async page(position: number, wants: Wants, max: number): Promise<ChangePage> {
    const { ring } = await this.watched();
    if (ring.covers(position)) return ring.page(position, wants, max);
    const page = await this.stored(position, wants, max);
    return { ...page, isEnd: page.nextSeq >= ring.head() };
  }

  /** The position of who wants what comes from now on. @throws NatsUnavailable */
  async head(): Promise<StreamSeq> {
    const { ring, began } = await this.watched();
    return streamSeq(Math.max(began, ring.head()));
  }

  /** A position that a client sent. @throws Problem `invalid_request` when the stream has not come there; NatsUnavailable */
  async existing(position: StreamSeq, field: string): Promise<StreamSeq> {
    if (position <= (await this.head())) return position;
    const last = await lastSequence(this.connection, this.stream);
    if (position <= last) return position;
    throw invalidRequest([{ path: field, message: `is beyond the end of the stream, which is at ${last}` }]);
  }

  /** Calls back when there is more to read. Returns how to stop that. */
  onNews(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private async watched(): Promise<Known> {
    if (!this.known) await this.news(PATIENCE_MS);
    if (this.known) return this.known;
    throw new NatsUnavailable('NATS has not been reached since this process started');
  }

  private async news(withinMs: number): Promise<void> {
    let stopListening: () => void = () => undefined;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      stopListening = this.onNews(resolve);
      timer = setTimeout(resolve, withinMs);
    });
    stopListening();
    clearTimeout(timer);
  }

  /** Clients that were connected before a restart go on from memory. */
  private async watchFromNearTheEnd(): Promise<void> {
    const { signal } = this.stopping;
    const last = await this.untilKnown();
    if (last === undefined) return;
    const after = Math.max(0, last - REMEMBERED);
    const ring = changeRing(after, REMEMBERED);
    this.known = { ring, began: last };
    this.announce();
    await watch({
      connection: this.connection,
      stream: this.stream,
      subject: this.subject,
      from: { after },
      onMessage: (message) => {
        ring.add(loggedChange(message));
        this.announce();
      },
      report: (error) => this.logger.warn(`the watch of the stream begins again: ${String(error)}`),
      signal,
    });
  }

  /** Where the stream ends; nothing when the process ends first. */
  private async untilKnown(): Promise<number | undefined> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        return await lastSequence(this.connection, this.stream);
      } catch (error) {
        this.logger.debug(`the stream cannot be watched yet: ${String(error)}`);
        await pause(START_AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    return undefined;
  }

  /** Once for all the messages that came together. */
  private announce(): void {
    if (this.isNewsDue) return;
    this.isNewsDue = true;
    setImmediate(() => {
      this.isNewsDue = false;
      for (const listener of this.listeners) listener();
    });
  }
}
