import type { Instant } from '@tallystream/contracts';
import { AckPolicy, type ConsumerConfig, type ConsumerInfo, DeliverPolicy, NatsError, nanos } from 'nats';
import type { JetStreamConnection } from './connection';
import { passingConsumer } from './passing-consumer';
import { persist } from './persist';
import { pulling } from './pulling';
import { asStreamMessage, type StreamMessage } from './stream-message';
import { defaultRetryTiming, pauseAfter, type RetryTiming } from './transport/delivery';
import { messageQueue } from './transport/message-queue';

/** Where a subscription begins: with the newest message of every subject, after a position, at a moment, … */
export type StartAt =
  | 'now'
  | 'start'
  | 'last-per-subject'
  | Readonly<{ after: number }>
  | Readonly<{ since: Instant }>;

export type SubscriptionParts = Readonly<{
  connection: JetStreamConnection;
  stream: string;
  /** With the namespace; may have wildcards, but none may overlap another. */
  subjects: readonly string[];
  /** Of a durable one only when it is new: after that the server knows how far it is. */
  from: StartAt;
  /** The name of its consumer, which the server remembers; absent: it lives as long as the process. */
  durable?: string;
  /** Handles one message at a time, in stream order. A durable one gets it again until it resolves. */
  handle: (message: StreamMessage, attempt: number) => Promise<void>;
  /** `handle` rejected. `retryInMs`: when it is called again; absent: it is not, as the subscription is live. */
  failed: (message: StreamMessage, error: unknown, attempt: number, retryInMs?: number) => void;
  /** Called once, when everything that was there at the start has been handled. */
  onCaughtUp: () => void;
  /** Told why the subscription had to begin again; it does so by itself. */
  report: (error: unknown) => void;
  signal: AbortSignal;
  timing?: RetryTiming;
}>;

type State = { last?: number; isCaughtUp: boolean };

/**
 * Follows a stream, message by message, until `signal` aborts and the message in hand is handled; picks up where
 * it stood after whatever breaks.
 */
export const subscribe = (parts: SubscriptionParts): Promise<void> => {
  const state: State = { isCaughtUp: false };
  const { durable } = parts;
  const run = () => (durable === undefined ? followLive(parts, state) : followDurably(parts, durable, state));
  return persist({ ...parts, run, position: () => state.last });
};

/** How many messages a live subscription takes at a time: what may lie here while its handler is slow. */
const LIVE_BATCH = 256;
/** How long the server keeps the consumer of a live subscription that does not ask for more. */
const INACTIVE_MS = 60_000;

const followLive = async (parts: SubscriptionParts, state: State): Promise<void> => {
  const { connection, stream, signal, handle, failed } = parts;
  const info = await passingConsumer(connection, stream, {
    ack_policy: AckPolicy.None,
    mem_storage: true,
    inactive_threshold: nanos(INACTIVE_MS),
    filter_subjects: [...parts.subjects],
    ...startingAt(state.last === undefined ? parts.from : { after: state.last }),
  });
  // "Now" was when it first stood, however often it begins again.
  if (parts.from === 'now') state.last ??= info.delivered.stream_seq;
  const handled = countdown(parts, state, info);
  const consumer = (await connection.ready()).jetstream().consumers.getPullConsumerFor(info);
  let deliveries = 0;
  while (!signal.aborted) {
    const messages = await consumer.fetch({ ...pulling, max_messages: LIVE_BATCH });
    const stop = () => messages.stop();
    signal.addEventListener('abort', stop, { once: true });
    // What was on its way to us is lost.
    const stopListening = connection.onReconnect(() =>
      messages.stop(new Error('the connection was renewed')),
    );
    try {
      for await (const delivered of messages) {
        if (signal.aborted) return;
        deliveries += 1;
        if (delivered.info.deliverySequence !== deliveries)
          throw new Error(`a message of ${stream} was missed before sequence ${delivered.seq}`);
        const message = asStreamMessage(delivered);
        await handle(message, 1).catch((error: unknown) => failed(message, error, 1));
        state.last = message.seq;
        handled();
      }
    } finally {
      stopListening();
      signal.removeEventListener('abort', stop);
      messages.stop();
    }
  }
};

/**
 * One message is with the subscriber at a time, so that nothing overtakes one that has to come again: not after a
 * failure, not after a crash, and not at another process that follows under the same name.
 */
const followDurably = async (parts: SubscriptionParts, durable: string, state: State): Promise<void> => {
  const { connection, signal, handle, failed, timing = defaultRetryTiming } = parts;
  const info = await ensureDurable(parts, durable, timing);
  const handled = countdown(parts, state, info);
  const queue = messageQueue();
  const messages = await (await connection.ready())
    .jetstream()
    .consumers.getPullConsumerFor(info)
    .consume({ ...pulling, abort_on_missing_resource: true, callback: queue.push });
  void messages.closed().then((error) => queue.end(error instanceof Error ? error : undefined));
  const stop = () => {
    messages.stop();
    queue.end();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      const [delivered] = await queue.take(1);
      if (!delivered) return;
      const message = asStreamMessage(delivered);
      const attempt = delivered.info.redeliveryCount;
      const keepAlive = setInterval(() => {
        if (connection.isConnected()) delivered.working();
      }, timing.ackWaitMs / 3).unref();
      const outcome = await handle(message, attempt)
        .then(() => undefined)
        .catch((error: unknown) => ({ error }))
        .finally(() => clearInterval(keepAlive));
      if (outcome) {
        const retryInMs = pauseAfter(attempt, timing);
        delivered.nak(retryInMs);
        failed(message, outcome.error, attempt, retryInMs);
        continue;
      }
      delivered.ack();
      state.last = message.seq;
      handled();
    }
  } finally {
    signal.removeEventListener('abort', stop);
    messages.stop();
  }
};

/** Creates the durable consumer, or gives it other subjects; it keeps its position. */
const ensureDurable = async (
  { connection, stream, subjects, from }: SubscriptionParts,
  durable: string,
  { ackWaitMs }: RetryTiming,
): Promise<ConsumerInfo> => {
  const { consumers } = await connection.manager();
  const settings = {
    ack_wait: nanos(ackWaitMs),
    max_ack_pending: 1,
    filter_subjects: [...subjects].sort(),
  };
  const known = await consumers.info(stream, durable).catch((error: unknown) => {
    if (error instanceof NatsError && error.api_error?.code === 404) return undefined;
    throw error;
  });
  if (!known) {
    const config = { durable_name: durable, ack_policy: AckPolicy.Explicit, ...startingAt(from) };
    return consumers.add(stream, { ...config, ...settings });
  }
  const isAsWanted =
    known.config.ack_wait === settings.ack_wait &&
    known.config.filter_subjects?.join() === settings.filter_subjects.join();
  return isAsWanted ? known : consumers.update(stream, durable, settings);
};

/** Counts what was handled, and says once when that is all there was. */
const countdown = ({ onCaughtUp }: SubscriptionParts, state: State, info: ConsumerInfo): (() => void) => {
  let left = info.num_pending + info.num_ack_pending;
  const look = () => {
    if (left > 0 || state.isCaughtUp) return;
    state.isCaughtUp = true;
    onCaughtUp();
  };
  look();
  return () => {
    left -= 1;
    look();
  };
};

const startingAt = (from: StartAt): Partial<ConsumerConfig> => {
  if (from === 'now') return { deliver_policy: DeliverPolicy.New };
  if (from === 'start') return { deliver_policy: DeliverPolicy.All };
  if (from === 'last-per-subject') return { deliver_policy: DeliverPolicy.LastPerSubject };
  return 'after' in from
    ? { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: from.after + 1 }
    : { deliver_policy: DeliverPolicy.StartTime, opt_start_time: from.since };
};
