import { setImmediate as turn } from 'node:timers/promises';
import type { Naming } from '@tallystream/contracts';
import {
  type BatchConsumer,
  type JetStreamConnection,
  lastMessage,
  lastSequence,
  type StreamBatch,
  type StreamMessage,
  streamBatches,
} from '@tallystream/jetstream';
import {
  type Database,
  type Fold,
  rebuild,
  type Sequenced,
  type StoreName,
  standing,
} from '@tallystream/projection-store';
import type { RebuiltStore } from './rebuilt-store';

/** A projection that fills a store: what it reads, and what it makes of it. */
export type MadeOf<E extends Sequenced> = Readonly<{
  consumer: BatchConsumer;
  read: (message: StreamMessage) => E;
  fold: Fold<E>;
}>;

type Where = Readonly<{ connection: JetStreamConnection; naming: Naming; store: StoreName; live: Database }>;

export type PostgresStoreParts<E extends Sequenced> = Where &
  Readonly<{ url: string; madeOf: readonly MadeOf<E>[] }>;

/** Nobody waits for a batch of a rebuild: the larger, the fewer transactions, and writes of the same rows. */
const BATCH = 2_000;
/** Messages that are read before other work of the process gets its turn: among it, the writing of the batch before. */
const TURN = 100;

/** A store in Postgres that can be made again. */
export const postgresStore = <E extends Sequenced>(parts: PostgresStoreParts<E>): RebuiltStore => {
  const { connection, naming, store, live, url } = parts;
  const sources = parts.madeOf.map(({ consumer, read, fold }) => ({
    fold,
    read: (after: number, signal: AbortSignal) => {
      const batches = streamBatches({
        connection,
        stream: naming.stream(consumer.stream),
        subject: naming.subject(consumer.filter),
        after,
        maxBatch: BATCH,
        ...(consumer.headersOnly ? { headersOnly: true } : {}),
        signal,
      });
      return eventsIn(batches, read);
    },
  }));
  return {
    name: store,
    rebuild: (options) => rebuild({ store, live, url, sources }, options),
    fault: async () => {
      for (const { consumer } of parts.madeOf) {
        const fault = await faultOf(parts, consumer);
        if (fault) return fault;
      }
      return undefined;
    },
  };
};

async function* eventsIn<E>(batches: AsyncIterable<StreamBatch>, read: (message: StreamMessage) => E) {
  for await (const { messages, pending } of batches) {
    const events: E[] = [];
    for (const message of messages) {
      events.push(read(message));
      if (events.length % TURN === 0) await turn();
    }
    yield { messages: events, pending };
  }
}

/** In this order: whatever moves meanwhile does not look like a fault. */
const faultOf = async (
  { connection, naming, store, live }: Where,
  { name, stream, filter }: BatchConsumer,
): Promise<string | undefined> => {
  const last = await lastMessage(connection, naming.stream(stream), naming.subject(filter));
  const { checkpoint, newest } = await standing(live, store, name);
  const end = await lastSequence(connection, naming.stream(stream));
  // What the trail has of a stream that lost its end is all that is left of it: somebody has to look.
  if (store === 'audit-trail' && Math.max(checkpoint, newest ?? 0) > end) return undefined;
  if (checkpoint > end) return `its checkpoint is ${checkpoint}, its stream ends at ${end}`;
  if (newest === undefined) return undefined;
  if (newest > checkpoint) return `it has a row of ${newest}, beyond its checkpoint ${checkpoint}`;
  const due = last && last.seq <= checkpoint ? last.seq : 0;
  return newest < due
    ? `it lacks event ${due}, which it has taken by its checkpoint ${checkpoint}`
    : undefined;
};
