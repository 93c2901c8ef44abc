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

/** Durable consumers by their stream, named: who may look at them may not list them. */
export type NamedConsumers = Readonly<Partial<Record<StreamName, readonly string[]>>>;

/** Of those consumers that there are. @throws NatsUnavailable */
export const consumerLags = async (
  connection: JetStreamConnection,
  naming: Naming,
  consumers: NamedConsumers,
): Promise<readonly ConsumerLag[]> => {
  const named = Object.entries(consumers) as [StreamName, readonly string[]][];
  const lags = named.flatMap(([stream, names]) =>
    names.map((name) => lagOf(connection, naming, stream, name)),
  );
  return (await Promise.all(lags)).flatMap((lag) => lag ?? []);
};

const lagOf = async (
  connection: JetStreamConnection,
  naming: Naming,
  stream: StreamName,
  name: string,
): Promise<ConsumerLag | undefined> => {
  const info = await infoOf(connection, naming.stream(stream), naming.consumer(name));
  if (!info) return undefined;
  const events = info.num_pending + info.num_ack_pending;
  const oldest = events > 0 ? await oldestWaiting(connection, naming.stream(stream), info) : undefined;
  return {
    name,
    stream,
    kind: info.config.ack_policy === AckPolicy.All ? 'projection' : 'queue',
    events,
    ...(oldest ? { oldest } : {}),
  };
};

const infoOf = async (
  connection: JetStreamConnection,
  stream: string,
  durable: string,
): Promise<ConsumerInfo | undefined> => {
  try {
    connection.current();
    const { consumers } = await connection.manager();
    return await consumers.info(stream, durable);
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.code === 404) return undefined;
    throw orUnavailable(error);
  }
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
