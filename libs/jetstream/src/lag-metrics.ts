import { millisOf, type Naming } from '@tallystream/contracts';
import { Gauge } from 'prom-client';
import type { JetStreamConnection } from './connection';
import { type ConsumerLag, consumerLags, type NamedConsumers } from './consumer-lag';

type Watched = Readonly<{ connection: JetStreamConnection; naming: Naming; consumers: NamedConsumers }>;
const watched = new Set<Watched>();

/** Shows in the metrics what waits for consumers, of whichever process; returns how to stop that. */
export const watchLags = (
  connection: JetStreamConnection,
  naming: Naming,
  consumers: NamedConsumers,
): (() => void) => {
  const one = { connection, naming, consumers };
  watched.add(one);
  return () => watched.delete(one);
};

const gauge = (
  name: string,
  help: string,
  label: string,
  kind: ConsumerLag['kind'],
  value: (lag: ConsumerLag) => number,
) =>
  new Gauge({
    name,
    help: `${help}; every reconciler shows all; absent while NATS cannot be reached`,
    labelNames: [label],
    async collect() {
      const lags = await currentLags();
      this.reset();
      for (const lag of lags) if (lag.kind === kind) this.set({ [label]: lag.name }, value(lag));
    },
  });

const ageSeconds = ({ oldest }: ConsumerLag): number =>
  oldest ? Math.max(0, Date.now() - millisOf(oldest)) / 1_000 : 0;

gauge(
  'tally_projection_lag_events',
  'Events that a projection has not applied yet',
  'projection',
  'projection',
  ({ events }) => events,
);
gauge(
  'tally_projection_lag_seconds',
  'Age of the oldest event that a projection has not applied yet, 0 without one',
  'projection',
  'projection',
  ageSeconds,
);
gauge(
  'tally_consumer_waiting',
  'Messages that a consumer of single messages has not handled yet',
  'consumer',
  'queue',
  ({ events }) => events,
);
gauge(
  'tally_consumer_waiting_seconds',
  'Age of the oldest message that a consumer of single messages has not handled yet, 0 without one',
  'consumer',
  'queue',
  ageSeconds,
);

const SAME_SCRAPE_MS = 500;
let last: Readonly<{ at: number; lags: Promise<readonly ConsumerLag[]> }> | undefined;

/** All gauges of one scrape share one look. */
const currentLags = (): Promise<readonly ConsumerLag[]> => {
  if (!last || performance.now() - last.at > SAME_SCRAPE_MS)
    last = { at: performance.now(), lags: lookAtAll() };
  return last.lags;
};

const lookAtAll = async (): Promise<readonly ConsumerLag[]> => {
  const all = [...watched].map(({ connection, naming, consumers }) =>
    consumerLags(connection, naming, consumers).catch(() => []),
  );
  return (await Promise.all(all)).flat();
};
