import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import {
  type DeadLetterBook,
  deadLetterBook,
  JETSTREAM,
  type JetStreamConnection,
  type OpenLetter,
} from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';
import { Gauge } from 'prom-client';

const books = new Set<DeadLetterBook>();

new Gauge({
  name: 'tally_dead_letters',
  help: 'Messages that could not be handled and about which nothing was done yet; every reconciler shows all',
  labelNames: ['consumer', 'reason'],
  collect() {
    this.reset();
    for (const book of books) for (const { consumer, reason } of book.open()) this.inc({ consumer, reason });
  },
});

/** The dead letters that are open, as long as the process runs. */
@Injectable()
export class DeadLetters implements OnApplicationShutdown {
  private readonly logger = new Logger('dead-letters');
  private readonly stopping = new AbortController();
  private readonly book: DeadLetterBook;

  constructor(@Inject(JETSTREAM) connection: JetStreamConnection, @Inject(NAMING) naming: Naming) {
    this.book = deadLetterBook(connection, naming, {
      signal: this.stopping.signal,
      report: (error) => this.logger.debug(`watching dead letters: ${String(error)}`),
    });
    books.add(this.book);
  }

  async open(): Promise<readonly OpenLetter[]> {
    await this.book.ready();
    return this.book.open();
  }

  /** @returns whether it was put back: somebody else may have been faster */
  retry(letter: OpenLetter, by: string): Promise<boolean> {
    return this.book.retry(letter, by);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    books.delete(this.book);
    await this.book.ended;
  }
}
