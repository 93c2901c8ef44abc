import { type Naming, streamSeq } from '@tallystream/contracts';
import type { JetStreamConnection } from '../connection';
import { pulling } from '../pulling';
import { lastSequence } from '../read';
import { asStreamMessage, type StreamMessage } from '../stream-message';
import { batchConsumerConfig, pauseOver, resetConsumer } from './consumers';
import type { BatchConsumer, StartPosition } from './handlers';
import { type MessageQueue, messageQueue } from './message-queue';
import { observeEndToEnd, redeliveredMessages } from './metrics';

export type BatchLoopParts = Readonly<{
  connection: JetStreamConnection;
  naming: Naming;
  consumer: BatchConsumer;
  start: (signal: AbortSignal) => Promise<StartPosition | undefined>;
  handle: (messages: readonly StreamMessage[]) => Promise<void>;
  /** Called after each batch with its last stream sequence, and how many messages it held. */
  progressed: (sequence: number, count: number) => void;
  /** Called when the consumer stands and there is nothing for it to do. */
  idle: () => void;
  signal: AbortSignal;
}>;

/** The stream is shorter than the checkpoint says: history was lost, and no one may go on as if not. */
export class HistoryLost extends Error {
  constructor(consumer: string, checkpoint: number, last: number) {
    super(`the checkpoint of ${consumer} is ${checkpoint}, but its stream ends at ${last}: history was lost`);
    this.name = 'HistoryLost';
  }
}

/**
 * Consumes in order from where the store stands until `signal` aborts. Ends with the error when a batch
 * fails, a message is missing or the consumer breaks: to begin again at the store's checkpoint repairs all.
 */
export const runBatchLoop = async (parts: BatchLoopParts): Promise<void> => {
  const { connection, naming, consumer, signal } = parts;
  // To begin again means to make the consumer anew, and its pause would be gone.
  await pauseOver(connection, naming, consumer, signal);
  if (signal.aborted) return;
  const position = await parts.start(signal);
  if (!position || signal.aborted) return;
  const end = await lastSequence(connection, naming.stream(consumer.stream));
  refuseLostHistory(parts, position, end);
  const config = batchConsumerConfig(naming, consumer);
  const source = await resetConsumer(connection, naming.stream(consumer.stream), config, position);
  // A consumer that waits for the first message since an error would else seem to fail for as long.
  if ((await source.info(true)).num_pending === 0) parts.idle();
  const inbox = messageQueue();
  const messages = await source.consume({
    max_messages: consumer.maxBatch * 2,
    ...pulling,
    abort_on_missing_resource: true,
    callback: inbox.push,
  });
  void messages.closed().then((error) => inbox.end(error instanceof Error ? error : undefined));
  const stop = () => inbox.end();
  const restart = (why: string) => () => inbox.end(new Error(why));
  const positionLost = restart('the position of the store does not hold any more');
  const stopListening = connection.onReconnect(restart('the connection was renewed'));
  signal.addEventListener('abort', stop, { once: true });
  position.until?.addEventListener('abort', positionLost, { once: true });
  // While the consumer was set up, nobody listened.
  if (position.until?.aborted) positionLost();
  try {
    await drainQueue(parts, inbox, position, end);
  } finally {
    stopListening();
    signal.removeEventListener('abort', stop);
    position.until?.removeEventListener('abort', positionLost);
    messages.stop();
  }
};

const drainQueue = async (
  parts: BatchLoopParts,
  inbox: MessageQueue,
  position: StartPosition,
  end: number,
): Promise<void> => {
  let handled = 'seed' in position ? 0 : position.after;
  // A store that begins empty is given what others saw long ago: that says nothing of how long webhooks take.
  const liveAfter = handled === 0 ? end : handled;
  const { store } = parts.consumer;
  let deliveries = 0;
  for (;;) {
    const batch = await inbox.take(parts.consumer.maxBatch);
    const last = batch.at(-1);
    if (!last) return;
    for (const message of batch) {
      if (message.redelivered) redeliveredMessages.inc({ consumer: parts.consumer.name });
      // Deliveries are numbered without gaps; one that is missing was lost on the way to us.
      deliveries += 1;
      if (message.info.deliverySequence !== deliveries) {
        throw new Error(`${parts.consumer.name} missed a message before stream sequence ${message.seq}`);
      }
    }
    const fresh = batch.filter(({ seq }) => seq > handled).map(asStreamMessage);
    if (fresh.length > 0) {
      await parts.handle(fresh);
      if (store) {
        const live = fresh.filter(({ seq }) => seq > liveAfter);
        observeEndToEnd(store, live, Date.now());
      }
      handled = fresh.at(-1)?.seq ?? handled;
    }
    last.ack();
    parts.progressed(streamSeq(handled), fresh.length);
  }
};

const refuseLostHistory = ({ consumer }: BatchLoopParts, position: StartPosition, end: number): void => {
  if ('seed' in position || position.after <= end) return;
  throw new HistoryLost(consumer.name, position.after, end);
};
