import { setTimeout as pause } from 'node:timers/promises';
import { AckPolicy, type ConsumerMessages, DeliverPolicy, type JsMsg, nanos } from 'nats';
import { type JetStreamConnection, orUnavailable } from './connection';
import { NatsUnavailable } from './errors';
import { passingConsumer } from './passing-consumer';
import { pulling } from './pulling';
import { asStreamMessage, type StreamMessage } from './stream-message';

export type StreamRead = Readonly<{
  stream: string;
  /** Subject, with the namespace; may have wildcards. */
  subject: string;
  /** Begins behind this sequence … */
  after: number;
  /** … and ends with this one. */
  until: number;
  /** Leave the bodies where they are; their size is in the header `Nats-Msg-Size`. */
  headersOnly?: true;
  /** Ends the reading, without an error. */
  signal?: AbortSignal;
}>;

/**
 * How many messages are asked for at a time, and the next ones when all are there: so many are seen before other work
 * of the process gets its turn.
 */
const AHEAD = 500;
/** How long the server keeps the consumer of a reader that is gone. */
const INACTIVE_MS = 60_000;
const TRIES = 5;
const AGAIN_MS = 500;

/**
 * Shows `see` a part of a stream, in order, each message once, as fast as the server gives it. What `see` does with
 * a message it does at once, so none is kept; other work of the process goes on in between. Goes on by itself
 * where it stood after whatever breaks.
 * @throws NatsUnavailable when it cannot go on for seconds, and whatever `see` throws
 */
export const readStream = async (
  connection: JetStreamConnection,
  read: StreamRead,
  see: (message: StreamMessage) => void,
): Promise<void> => {
  let position = read.after;
  const next = (message: StreamMessage) => {
    see(message);
    position = message.seq;
  };
  for (let tries = 1; position < read.until && !read.signal?.aborted; tries += 1) {
    const before = position;
    try {
      return await readOnce(connection, { ...read, after: position }, next);
    } catch (error) {
      if (position > before) tries = 1;
      if (!(error instanceof ReadBroken) || tries >= TRIES) throw orUnavailable(error);
    }
    await pause(AGAIN_MS);
  }
};

/** What is repaired by beginning again. */
class ReadBroken extends NatsUnavailable {}

const readOnce = async (
  connection: JetStreamConnection,
  read: StreamRead,
  see: (message: StreamMessage) => void,
): Promise<void> => {
  const { stream, subject, after, until, headersOnly, signal } = read;
  connection.current();
  const manager = await connection.manager();
  const info = await passingConsumer(connection, stream, {
    ack_policy: AckPolicy.None,
    mem_storage: true,
    inactive_threshold: nanos(INACTIVE_MS),
    filter_subject: subject,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: after + 1,
    ...(headersOnly ? { headers_only: true } : {}),
  }).catch((error: unknown) => {
    throw error instanceof NatsUnavailable ? new ReadBroken(`${stream} cannot be read`, error) : error;
  });
  const source = (await connection.ready()).jetstream().consumers.getPullConsumerFor(info);
  let deliveries = 0;
  let messages: ConsumerMessages | undefined;
  let stopListening: () => void = () => undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      if (info.num_pending === 0) return resolve();
      const broken = (why: string) => reject(new ReadBroken(why));
      stopListening = connection.onReconnect(() => broken('the connection was renewed'));
      signal?.addEventListener('abort', () => resolve(), { once: true });
      const take = (message: JsMsg) => {
        const { streamSequence, deliverySequence, pending } = message.info;
        deliveries += 1;
        if (deliverySequence !== deliveries) return broken(`${stream} was read with gaps`);
        if (streamSequence <= until) see(asStreamMessage(message));
        if (streamSequence >= until || pending === 0) resolve();
      };
      const consuming = source.consume({
        max_messages: Math.min(AHEAD, until - after),
        threshold_messages: 1,
        ...pulling,
        abort_on_missing_resource: true,
        // Whatever it throws ends the reading, and is not the consumer's business.
        callback: (message) => attempt(() => take(message), reject),
      });
      void consuming.then((opened) => {
        messages = opened;
        return opened.closed().then((error) => broken(`${stream} is not read any more: ${String(error)}`));
      }, reject);
    });
  } finally {
    stopListening();
    messages?.stop();
    await manager.consumers.delete(stream, info.name).catch(() => undefined);
  }
};

const attempt = (work: () => void, failed: (error: unknown) => void): void => {
  try {
    work();
  } catch (error) {
    failed(error);
  }
};
