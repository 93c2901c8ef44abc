import { instantSchema, millisOf, RECEIVED_AT } from '@tallystream/contracts';
import { Counter, Histogram } from 'prom-client';
import type { StreamMessage } from '../stream-message';
import type { Store } from './handlers';

export const handledMessages = new Counter({
  name: 'tally_consumer_handled_total',
  help: 'Messages that this process handled, by consumer',
  labelNames: ['consumer'],
});

export const redeliveredMessages = new Counter({
  name: 'tally_consumer_redelivered_total',
  help: 'Messages that came to this process once more, having been given out before, by consumer',
  labelNames: ['consumer'],
});

export const failures = new Counter({
  name: 'tally_consumer_failed_total',
  help: 'Times that handling a message or a batch failed, or the consumer itself broke, by consumer',
  labelNames: ['consumer'],
});

const endToEnd = new Histogram({
  name: 'tally_end_to_end_seconds',
  help: 'From a webhook in the inbox to its effect in a store; what is projected once more is left out',
  labelNames: ['store'],
  buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300],
});

/** Notes when the effects of webhooks came into a store. */
export const observeEndToEnd = (store: Store, messages: readonly StreamMessage[], now: number): void => {
  for (const message of messages) {
    const received = instantSchema.safeParse(message.header(RECEIVED_AT)).data;
    // The inbox has the time of the server, and ours may be behind it.
    if (received) endToEnd.observe({ store }, Math.max(0, now - millisOf(received)) / 1_000);
  }
};
