import { setTimeout as pause } from 'node:timers/promises';
import { DEFAULT_NAMESPACE, namespaceSchema, namingFor } from '@tallystream/contracts';
import { type JetStreamConnection, openConnection } from '@tallystream/jetstream/core';
import { type StockReads, stockReads } from './reads';
import { stockApi } from './stock-api';
import { type StockSubscription, type SubscriptionOptions, subscribeStock } from './subscribe-stock';

export type ClientSettings = Readonly<{
  /** Of your service: NATS shows it beside the connection, and `User-Agent` says it. */
  name: string;
  /** Where the stock API answers, e.g. `http://127.0.0.1:3000`. */
  url: string;
  /** An API key with the role `reader`. */
  apiKey: string;
  /** Needed to subscribe, e.g. `nats://user:password@127.0.0.1:4222`; several servers with commas between. */
  natsUrl?: string;
  /** That of the deployment; absent: the default one. */
  namespace?: string;
  /** How long a read may take in all, in milliseconds; absent: 6,000, which is more than the API itself waits. */
  timeoutMs?: number;
  /** Told when the connection to NATS is lost or there again; absent: losses are warnings of the process. */
  log?: Readonly<{ info: (message: string) => void; warn: (message: string) => void }>;
}>;

export type TallyClient = StockReads &
  Readonly<{
    /**
     * Follows the changes of levels over NATS, live or durably. It begins as soon as NATS is there, and goes on by
     * itself after whatever breaks.
     * @throws RangeError for an empty list, or what cannot be an id or a name
     */
    subscribeStock: (options: SubscriptionOptions) => StockSubscription;
    /** Ends all subscriptions, each with the change that it has in hand, and the connections: within 10 s. */
    close: () => Promise<void>;
  }>;

const TIMEOUT_MS = 6_000;
const DRAIN_MS = 1_000;

/** Opens nothing yet: the connection to NATS is made by the first subscription, and reads connect as they go. */
export const openClient = (settings: ClientSettings): TallyClient => {
  const { name, url, apiKey, natsUrl, namespace = DEFAULT_NAMESPACE, timeoutMs = TIMEOUT_MS } = settings;
  const naming = namingFor(namespaceSchema.parse(namespace));
  const reads = stockReads(stockApi({ url: new URL(url).href, apiKey, name, timeoutMs }));
  const log = settings.log ?? { info: () => undefined, warn: (message) => process.emitWarning(message) };
  const subscriptions = new Set<StockSubscription>();
  let connection: JetStreamConnection | undefined;

  const connected = (): JetStreamConnection => {
    if (natsUrl === undefined) throw new Error('subscribeStock needs the setting natsUrl');
    connection ??= openConnection(
      { url: natsUrl, name },
      { ...log, lost: ({ message }) => log.warn(message) },
    );
    return connection;
  };

  return {
    ...reads,
    subscribeStock: (options) => {
      const subscription = subscribeStock(connected(), naming, options);
      subscriptions.add(subscription);
      return {
        ...subscription,
        close: async () => {
          subscriptions.delete(subscription);
          await subscription.close();
        },
      };
    },
    close: async () => {
      await Promise.all([...subscriptions].map((subscription) => subscription.close()));
      await Promise.race([connection?.close(), pause(DRAIN_MS, undefined, { ref: false })]);
    },
  };
};
