import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DeadLetterStates, DeadLetters } from '@tallystream/dead-letters';
import { Gauge } from 'prom-client';

const books = new Set<DeadLetters>();

new Gauge({
  name: 'tally_dead_letters',
  help: 'Messages that could not be handled and about which nothing was done yet; every reconciler shows all; absent while NATS cannot be reached',
  labelNames: ['consumer', 'reason'],
  async collect() {
    const counts = await Promise.all([...books].map((book) => book.openCounts().catch(() => [])));
    this.reset();
    for (const { consumer, reason, count } of counts.flat()) this.inc({ consumer, reason }, count);
  },
});

/** Shows in the metrics which dead letters are open. */
@Injectable()
export class ShownDeadLetters implements OnApplicationBootstrap, OnApplicationShutdown {
  private isStopped = false;

  constructor(
    private readonly book: DeadLetters,
    private readonly states: DeadLetterStates,
  ) {}

  /** Not before all that was done is known: a scrape must not wait for NATS. */
  onApplicationBootstrap(): void {
    void this.states.ready().then(() => {
      if (!this.isStopped) books.add(this.book);
    });
  }

  onApplicationShutdown(): void {
    this.isStopped = true;
    books.delete(this.book);
  }
}
