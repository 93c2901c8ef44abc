import { AckPolicy, DeliverPolicy, nanos } from 'nats';
import type { JetStreamConnection } from './connection';
import { NatsUnavailable } from './errors';
import { passingConsumer } from './passing-consumer';
import { pulling } from './pulling';
import { asStreamMessage, type StreamMessage } from './stream-message';
import { messageQueue } from './transport/message-queue';

export type StreamBatch = Readonly<{
  /** In stream order, without gaps; none in the first batch of a stream that has nothing to read. */
  messages: readonly StreamMessage[];
  /** How many lay behind the last of them when the server sent it. */
  pending: number;
}>;

export type BatchesOf = Readonly<{
  connection: JetStreamConnection;
  stream: string;
  /** With the namespace; may have wildcards. */
  subject: string;
  after: number;
  maxBatch: number;
  headersOnly?: boolean;
  signal: AbortSignal;
}>;

/** A batch that takes longer comes again, and is an error. */
const SLOWEST_READER_MS = 600_000;
/** How long the server keeps the consumer of a reader that is gone. */
const INACTIVE_MS = 60_000;

/**
 * Reads a stream once, from a position on, as fast as the reader takes it; when all is read, what comes is handed
 * out as it comes, until `signal` aborts. Nobody else's position moves.
 * @throws NatsUnavailable when the connection breaks: begin again after the last message
 */
export async function* streamBatches(parts: BatchesOf): AsyncGenerator<StreamBatch> {
  const { connection, stream, signal } = parts;
  const manager = await connection.manager();
  const info = await passingConsumer(connection, stream, {
    // So that the server waits for a reader that is slower than the network, instead of filling its memory.
    ack_policy: AckPolicy.All,
    max_ack_pending: parts.maxBatch * 4,
    ack_wait: nanos(SLOWEST_READER_MS),
    mem_storage: true,
    inactive_threshold: nanos(INACTIVE_MS),
    filter_subject: parts.subject,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: parts.after + 1,
    ...(parts.headersOnly ? { headers_only: true } : {}),
  });
  const source = (await connection.ready()).jetstream().consumers.getPullConsumerFor(info);
  const queue = messageQueue();
  const arriving = await source.consume({
    max_messages: parts.maxBatch * 2,
    ...pulling,
    abort_on_missing_resource: true,
    callback: queue.push,
  });
  void arriving.closed().then((error) => queue.end(error instanceof Error ? error : undefined));
  const stop = () => queue.end();
  const stopListening = connection.onReconnect(() =>
    queue.end(new NatsUnavailable('the connection was renewed')),
  );
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (info.num_pending === 0) yield { messages: [], pending: 0 };
    let deliveries = 0;
    for (;;) {
      const batch = await queue.take(parts.maxBatch);
      const last = batch.at(-1);
      if (!last) return;
      deliveries += batch.length;
      if (last.info.deliverySequence !== deliveries)
        throw new NatsUnavailable(`a message of ${stream} was missed before sequence ${last.seq}`);
      yield { messages: batch.map(asStreamMessage), pending: last.info.pending };
      last.ack();
    }
  } finally {
    stopListening();
    signal.removeEventListener('abort', stop);
    arriving.stop();
    await manager.consumers.delete(stream, info.name).catch(() => undefined);
  }
}
