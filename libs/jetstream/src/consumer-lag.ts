import type { Instant, Naming, StreamName } from '@tallystream/contracts';
import { AckPolicy, type ConsumerInfo, NatsError } from 'nats';
import { type JetStreamConnection, orUnavailable } from './connection';
import { messagesAfter } from './read';

/** What waits for a durable consumer, as the server sees it: true also when nobody serves the consumer. */
export type ConsumerLag = Readonly<{
  /** Without the namespace. */
  name: string;
  stream: StreamName;
  /** `projection`: it fills a store, in order. `queue`: each message is handled for itself. */
  kind: 'projection' | 'queue';
  /** Messages that were not handled yet, given out or not. */
  events: number;
  /** When the oldest of them was stored; nothing when none waits. */
  oldest?: Instant;
}>;

/** The streams that have durable consumers; nobody may look at more. */
const consumed: readonly StreamName[] = ['STOCK', 'ZOHO_INBOX', 'ZOHO_OUTCOMES', 'ZOHO_OBSERVE', 'CATALOG'];

/** Of every durable consumer of this namespace. @throws NatsUnavailable */
export const consumerLags = async (
  connection: JetStreamConnection,
  naming: Naming,
): Promise<readonly ConsumerLag[]> => {
  const perStream = await Promise.all(consumed.map((stream) => lagsOf(connection, naming, stream)));
  return perStream.flat();
};

const lagsOf = async (
  connection: JetStreamConnection,
  naming: Naming,
  stream: StreamName,
): Promise<readonly ConsumerLag[]> => {
  const prefix = naming.consumer('');
  const found: ConsumerInfo[] = [];
  try {
    connection.current();
    const { consumers } = await connection.manager();
    // Others, without our prefix, are of readers who come and go.
    for await (const info of consumers.list(naming.stream(stream)))
      if (info.config.durable_name?.startsWith(prefix)) found.push(info);
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.code === 404) return [];
    throw orUnavailable(error);
  }
  return Promise.all(
    found.map(async (info) => {
      const events = info.num_pending + info.num_ack_pending;
      const oldest = events > 0 ? await oldestWaiting(connection, naming.stream(stream), info) : undefined;
      return {
        name: info.name.slice(prefix.length),
        stream,
        kind: info.config.ack_policy === AckPolicy.All ? ('projection' as const) : ('queue' as const),
        events,
        ...(oldest ? { oldest } : {}),
      };
    }),
  );
};

const oldestWaiting = async (
  connection: JetStreamConnection,
  stream: string,
  { ack_floor, config }: ConsumerInfo,
): Promise<Instant | undefined> => {
  const after = { after: ack_floor.stream_seq, max: 1 };
  const [oldest] = await messagesAfter(connection, stream, config.filter_subject ?? '>', after);
  return oldest?.storedAt;
};
