import type { Naming, StreamName } from '@tallystream/contracts';
import type { JsMsg, NatsConnection } from 'nats';

/** Every message of a stream, oldest first, each made into what is asked of it. */
export const readStream = async <T>(
  nats: NatsConnection,
  naming: Naming,
  name: StreamName,
  make: (message: JsMsg) => T,
): Promise<readonly T[]> => {
  const stream = naming.stream(name);
  const { messages, last_seq: last } = (await (await nats.jetstreamManager()).streams.info(stream)).state;
  const made: T[] = [];
  if (messages === 0) return made;
  const consumer = await nats.jetstream().consumers.get(stream);
  for await (const message of await consumer.consume({ max_messages: 5_000 })) {
    made.push(make(message));
    if (message.seq >= last) break;
  }
  return made;
};
