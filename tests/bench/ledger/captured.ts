import { natsOptions } from '@tallystream/testing';
import { connect, type NatsConnection } from 'nats';

/** A message as the ledger wrote it: its subject without the namespace, its own headers, its bytes. */
export type Captured = Readonly<{
  subject: string;
  headers: readonly (readonly [string, string])[];
  data: Uint8Array;
}>;

export type Capture = Readonly<{
  messages: readonly Captured[];
  /** Of the atomic batches they came in. */
  sizes: readonly number[];
}>;

export const connectTo = (url: string): Promise<NatsConnection> =>
  connect({ ...natsOptions(url), noAsyncTraces: true });

/** Everything in the ledger of a namespace. */
export const capture = async (natsUrl: string, namespace: string): Promise<Capture> => {
  const connection = await connectTo(natsUrl);
  const stream = `${namespace}_STOCK`;
  const manager = await connection.jetstreamManager();
  const { messages: count } = (await manager.streams.info(stream)).state;
  const messages: Captured[] = [];
  const sizes: number[] = [];
  const consumer = await connection.jetstream().consumers.get(stream, { filterSubjects: [] });
  for await (const message of await consumer.consume({ max_messages: 5_000 })) {
    const { subject, headers, data } = message;
    const names = headers?.keys() ?? [];
    messages.push({
      subject: subject.slice(namespace.length + 1),
      headers: names.filter(isOurs).map((name) => [name, headers?.get(name) ?? '']),
      data: Uint8Array.from(data),
    });
    if (headers?.get('Nats-Batch-Sequence') === '1') sizes.push(0);
    sizes[sizes.length - 1] = (sizes.at(-1) ?? 0) + 1;
    if (messages.length === count) break;
  }
  await connection.close();
  return { messages, sizes };
};

const isOurs = (header: string): boolean => !header.startsWith('Nats-');
