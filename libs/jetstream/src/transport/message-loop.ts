import { setTimeout as pause } from 'node:timers/promises';
import type { Naming } from '@tallystream/contracts';
import type { JsMsg } from 'nats';
import type { JetStreamConnection } from '../connection';
import { NatsUnavailable } from '../errors';
import { isQueue } from '../provision';
import { publish } from '../publish';
import { pulling } from '../pulling';
import { REDRIVE } from '../redrive';
import { asStreamMessage, type StreamMessage } from '../stream-message';
import { ensureConsumer, messageConsumerConfig } from './consumers';
import { deadReason } from './dead-reason';
import {
  DeadLetter,
  type Delivery,
  deadLetterHeaders,
  IN_STREAM,
  maxAttempts,
  pauseAfter,
  type RetryTiming,
} from './delivery';
import type { MessageConsumer } from './handlers';
import { messageQueue } from './message-queue';
import { redeliveredMessages } from './metrics';

export type MessageLoopParts = Readonly<{
  connection: JetStreamConnection;
  naming: Naming;
  consumer: MessageConsumer;
  timing: RetryTiming;
  handle: (message: StreamMessage, delivery: Delivery) => Promise<void>;
  report: (error: unknown) => void;
  signal: AbortSignal;
}>;

/**
 * Consumes until `signal` aborts, handling up to `concurrency` messages at a time; then finishes those in
 * hand. Ends early, with the error, when the consumer itself breaks.
 */
export const runMessageLoop = async (parts: MessageLoopParts): Promise<void> => {
  const { connection, naming, consumer, timing, signal } = parts;
  const config = messageConsumerConfig(naming, consumer, timing);
  const source = await ensureConsumer(connection, naming.stream(consumer.stream), config);
  const queue = messageQueue();
  const messages = await source.consume({
    max_messages: consumer.concurrency,
    ...pulling,
    abort_on_missing_resource: true,
    callback: queue.push,
  });
  void messages.closed().then((error) => queue.end(error instanceof Error ? error : undefined));
  const stop = () => queue.end();
  signal.addEventListener('abort', stop, { once: true });
  const inHand = new Map<JsMsg, Promise<void>>();
  // Of those that still wait their turn, too: the server counts from the delivery.
  const extendDeadlines = () => {
    for (const message of [...inHand.keys(), ...queue.waiting()]) message.working();
  };
  const keepAlive = setInterval(extendDeadlines, timing.ackWaitMs / 3);
  try {
    for (;;) {
      const [message] = await queue.take(1);
      if (!message) return;
      inHand.set(
        message,
        handleOne(parts, message).finally(() => inHand.delete(message)),
      );
      if (inHand.size >= consumer.concurrency) await Promise.race(inHand.values());
    }
  } finally {
    signal.removeEventListener('abort', stop);
    messages.stop();
    // Somebody else may have them at once, instead of when the deadline is over.
    for (const message of queue.waiting()) message.nak();
    await Promise.all(inHand.values());
    clearInterval(keepAlive);
  }
};

const handleOne = async (parts: MessageLoopParts, message: JsMsg): Promise<void> => {
  const { timing } = parts;
  const attempt = message.info.redeliveryCount;
  const isLast = attempt >= maxAttempts(timing);
  if (attempt > 1) redeliveredMessages.inc({ consumer: parts.consumer.name });
  try {
    await handlePatiently(parts, asStreamMessage(message), { attempt, isLast });
    message.ack();
  } catch (error) {
    parts.report(error);
    if (!(error instanceof DeadLetter) && !isLast) {
      message.nak(pauseAfter(attempt, timing));
      return;
    }
    await bury(parts, message, error, attempt);
  }
};

/**
 * While a stream that the handler writes to has no leader, the message is at no fault, and each delivery would count as
 * an attempt of its own, with ever longer pauses after it: so it is kept in hand. Without a connection it is not ours
 * to keep: the server gives it to somebody else. As long as it may be called again, no call is the last.
 */
const handlePatiently = async (
  { connection, consumer, handle, report, signal }: MessageLoopParts,
  message: StreamMessage,
  { attempt, isLast }: Delivery,
): Promise<void> => {
  let end = performance.now() + (consumer.isPatient ? PATIENCE_MS : 0);
  for (;;) {
    const isOver = performance.now() >= end || !connection.isConnected() || signal.aborted;
    try {
      return await handle(message, { attempt, isLast: isLast && isOver });
    } catch (error) {
      if (isOver || error instanceof DeadLetter) throw error;
      if (error instanceof NatsUnavailable) {
        report(error);
        await pause(LEADERLESS_PAUSE_MS);
      } else if (isLast) end = performance.now();
      else throw error;
    }
  }
};

/** Servers of a cluster elect a leader within nine seconds, and try again when they did not agree. */
const PATIENCE_MS = 30_000;
const LEADERLESS_PAUSE_MS = 500;

/** Terminates a message only once it lies in the dead letters. */
const bury = async (
  parts: MessageLoopParts,
  message: JsMsg,
  error: unknown,
  attempt: number,
): Promise<void> => {
  const { connection, naming, consumer, timing } = parts;
  const reason = deadReason(error);
  const original = asStreamMessage(message);
  // Its own header of that name is the dead letter's id, below.
  const messageId = original.header('Nats-Msg-Id');
  const putBack = original.header(REDRIVE);
  const isKept = !isQueue(consumer.stream, naming);
  try {
    await publish(
      connection,
      {
        subject: naming.deadLetterSubject(consumer.name, reason),
        headers: {
          ...(isKept ? { [deadLetterHeaders.content]: IN_STREAM } : original.headers()),
          [deadLetterHeaders.consumer]: consumer.name,
          [deadLetterHeaders.reason]: reason,
          [deadLetterHeaders.error]: headerValue(error instanceof Error ? error.message : String(error)),
          [deadLetterHeaders.attempts]: String(attempt),
          [deadLetterHeaders.stream]: message.info.stream,
          [deadLetterHeaders.sequence]: String(original.seq),
          [deadLetterHeaders.subject]: original.subject,
          ...(messageId ? { [deadLetterHeaders.messageId]: messageId } : {}),
          ...(putBack ? { [REDRIVE]: putBack } : {}),
        },
        data: isKept ? new Uint8Array() : original.data,
      },
      { messageId: `${message.info.stream}:${consumer.name}:${original.seq}` },
    );
    message.term();
  } catch (failure) {
    parts.report(failure);
    message.nak(pauseAfter(attempt, timing));
  }
};

/** Headers are lines: an error message must not make new ones. */
const headerValue = (text: string): string => text.replace(/[\r\n]+/g, ' ').slice(0, 1_000);
