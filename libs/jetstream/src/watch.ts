import { AckPolicy, DeliverPolicy, nanos } from 'nats';
import type { JetStreamConnection } from './connection';
import { passingConsumer } from './passing-consumer';
import { persist } from './persist';
import { pulling } from './pulling';
import { asStreamMessage, type StreamMessage } from './stream-message';
import { messageQueue } from './transport/message-queue';

export type WatchParts = Readonly<{
  connection: JetStreamConnection;
  stream: string;
  /** Subject, with the namespace; may have wildcards. */
  subject: string;
  /** Begins with the newest message of every subject, or after a position in the stream. */
  from: 'last-per-subject' | Readonly<{ after: number }>;
  /** Leave the bodies where they are. */
  headersOnly?: boolean;
  /** In stream order, each once. Must not throw: whoever watches holds no message back. */
  onMessage: (message: StreamMessage) => void;
  /** Called once, when everything that was there at the start has been seen. */
  onCaughtUp?: () => void;
  /** Told why the watch had to begin again; it does so by itself. */
  report: (error: unknown) => void;
  signal: AbortSignal;
}>;

/** How long the server keeps the consumer of a process that is gone. */
const INACTIVE_MS = 30_000;

/**
 * Shows a process what happens on a stream, for views that it keeps in memory: no position is kept anywhere,
 * and any number of processes may watch. Ends when `signal` aborts; picks up where it stood after whatever
 * breaks.
 */
export const watch = (parts: WatchParts): Promise<void> => {
  const state: WatchState = { isCaughtUp: false };
  return persist({ ...parts, run: () => watchOnce(parts, state), position: () => state.last });
};

type WatchState = { last?: number; isCaughtUp: boolean };

const watchOnce = async (parts: WatchParts, state: WatchState): Promise<void> => {
  const { connection, stream, signal } = parts;
  const info = await passingConsumer(connection, stream, {
    ack_policy: AckPolicy.None,
    mem_storage: true,
    inactive_threshold: nanos(INACTIVE_MS),
    filter_subject: parts.subject,
    ...(parts.headersOnly ? { headers_only: true } : {}),
    ...startOf(parts, state),
  });
  const caughtUp = () => {
    if (state.isCaughtUp) return;
    state.isCaughtUp = true;
    parts.onCaughtUp?.();
  };
  if (info.num_pending === 0) caughtUp();

  const nats = await connection.ready();
  const queue = messageQueue();
  const messages = await nats
    .jetstream()
    .consumers.getPullConsumerFor(info)
    .consume({ ...pulling, abort_on_missing_resource: true, callback: queue.push });
  void messages.closed().then((error) => queue.end(error instanceof Error ? error : undefined));
  const stop = () => queue.end();
  const stopListening = connection.onReconnect(() => queue.end(new Error('the connection was renewed')));
  signal.addEventListener('abort', stop, { once: true });
  try {
    let deliveries = 0;
    for (;;) {
      const batch = await queue.take(Number.POSITIVE_INFINITY);
      if (batch.length === 0) return;
      for (const message of batch) {
        deliveries += 1;
        if (message.info.deliverySequence !== deliveries)
          throw new Error(`a message of ${stream} was missed before sequence ${message.seq}`);
        parts.onMessage(asStreamMessage(message));
        state.last = message.seq;
        if (message.info.pending === 0) caughtUp();
      }
    }
  } finally {
    stopListening();
    signal.removeEventListener('abort', stop);
    messages.stop();
  }
};

const startOf = ({ from }: WatchParts, { last }: WatchState) => {
  const after = last ?? (from === 'last-per-subject' ? undefined : from.after);
  return after === undefined
    ? { deliver_policy: DeliverPolicy.LastPerSubject }
    : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: after + 1 };
};
