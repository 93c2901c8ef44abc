import type { Naming, StreamSeq } from '@tallystream/contracts';
import { AckPolicy, type JsMsg, nanos } from 'nats';
import type { JetStreamConnection } from '../connection';
import { publish } from '../publish';
import { type StreamMessage, streamMessage } from '../stream-message';
import { ensureConsumer } from './consumers';
import { DeadLetter, type Delivery, MAX_ATTEMPTS, pauseAfter } from './delivery';
import type { MessageConsumer } from './handlers';
import { messageQueue } from './message-queue';

// Short, so that what a killed process had in hand comes back soon; `working` extends it for what takes longer.
const ACK_WAIT_MS = 5_000;

export type MessageLoopParts = Readonly<{
  connection: JetStreamConnection;
  naming: Naming;
  consumer: MessageConsumer;
  handle: (message: StreamMessage, delivery: Delivery) => Promise<void>;
  report: (error: unknown) => void;
  signal: AbortSignal;
}>;

/**
 * Consumes until `signal` aborts, handling up to `concurrency` messages at a time; then finishes those in
 * hand. Ends early, with the error, when the consumer itself breaks.
 */
export const runMessageLoop = async (parts: MessageLoopParts): Promise<void> => {
  const { connection, naming, consumer, signal } = parts;
  const source = await ensureConsumer(connection, naming, consumer, {
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ACK_WAIT_MS),
    max_ack_pending: consumer.concurrency * 2,
  });
  const delivered = new Set<JsMsg>();
  const inbox = messageQueue();
  const messages = await source.consume({
    max_messages: consumer.concurrency,
    abort_on_missing_resource: true,
    callback: (message) => {
      delivered.add(message);
      inbox.push(message);
    },
  });
  void messages.closed().then((error) => inbox.end(error instanceof Error ? error : undefined));
  const extendDeadlines = () => {
    for (const message of delivered) message.working();
  };
  const keepAlive = setInterval(extendDeadlines, ACK_WAIT_MS / 3);
  const stop = () => inbox.end();
  signal.addEventListener('abort', stop, { once: true });
  const inHand = new Set<Promise<void>>();
  try {
    for (;;) {
      const [message] = await inbox.take(1);
      if (!message) return;
      const handling = handleOne(parts, message).finally(() => {
        delivered.delete(message);
        inHand.delete(handling);
      });
      inHand.add(handling);
      if (inHand.size >= consumer.concurrency) await Promise.race(inHand);
    }
  } finally {
    signal.removeEventListener('abort', stop);
    messages.stop();
    // What only waited is not ours any more: another replica gets it when its deadline has passed.
    await Promise.all(inHand);
    clearInterval(keepAlive);
  }
};

const handleOne = async (parts: MessageLoopParts, message: JsMsg): Promise<void> => {
  const attempt = message.info.redeliveryCount;
  try {
    await parts.handle(asStreamMessage(message), { attempt, isLast: attempt >= MAX_ATTEMPTS });
    message.ack();
  } catch (error) {
    parts.report(error);
    if (!(error instanceof DeadLetter) && attempt < MAX_ATTEMPTS) {
      message.nak(pauseAfter(attempt));
      return;
    }
    await bury(parts, message, error, attempt);
  }
};

/** Terminates a message only once it lies in the dead letters. */
const bury = async (
  parts: MessageLoopParts,
  message: JsMsg,
  error: unknown,
  attempt: number,
): Promise<void> => {
  const { connection, naming, consumer } = parts;
  const reason = error instanceof DeadLetter ? error.reason : 'failed';
  const original = asStreamMessage(message);
  try {
    await publish(
      connection,
      {
        subject: naming.deadLetterSubject(consumer.name, reason),
        headers: {
          ...original.headers(),
          'Tally-Dead-Consumer': consumer.name,
          'Tally-Dead-Reason': reason,
          'Tally-Dead-Error': headerValue(error instanceof Error ? error.message : String(error)),
          'Tally-Dead-Attempts': String(attempt),
          'Tally-Dead-Stream': message.info.stream,
          'Tally-Dead-Sequence': String(original.seq),
          'Tally-Dead-Subject': original.subject,
        },
        data: original.data,
      },
      { messageId: `${message.info.stream}:${consumer.name}:${original.seq}` },
    );
    message.term();
  } catch (failure) {
    parts.report(failure);
    message.nak(pauseAfter(attempt));
  }
};

/** Headers are lines: an error message must not make new ones. */
const headerValue = (text: string): string => text.replace(/[\r\n]+/g, ' ').slice(0, 1_000);

export const asStreamMessage = (message: JsMsg): StreamMessage =>
  streamMessage({
    seq: message.seq as StreamSeq,
    subject: message.subject,
    headers: message.headers,
    data: message.data,
    millis: Math.floor(message.info.timestampNanos / 1e6),
  });
