import { JSONCodec, type Msg, type StreamConfig, type StreamState, type Subscription } from 'nats';
import { type JetStreamConnection, orUnavailable } from './connection';
import { apiError, NatsUnavailable } from './errors';

/** What nats-server wants to be told of a stream when it takes it back: kept beside its bytes, as JSON. */
export type SavedStream = Readonly<{
  config: Partial<StreamConfig> & Readonly<{ name: string }>;
  state: Pick<StreamState, 'messages' | 'first_seq' | 'last_seq'>;
}>;

/** Of one chunk in nats-server's own way; it is well below what one message may hold. */
const CHUNK_BYTES = 512 * 1024;
/** The server breaks off when a chunk is not acknowledged for 2 s (2.14); a chunk that never comes is a broken link. */
const CHUNK_TIMEOUT_MS = 20_000;
/** It reads the whole stream back from what it was sent before it answers the last chunk. */
const RESTORED_TIMEOUT_MS = 10 * 60_000;
const API_TIMEOUT_MS = 30_000;

/**
 * A stream as nats-server packs it: every message with its sequence and time, and the positions of its
 * consumers, all of one moment. The stream goes on being written meanwhile. A chunk is acknowledged when the
 * next one is asked for, so whoever writes slowly is not sent more than he can take.
 * @throws NatsUnavailable, from the chunks too, when the snapshot broke off: what was written is of no use
 */
export const saveStream = async (
  connection: JetStreamConnection,
  stream: string,
): Promise<Readonly<{ saved: SavedStream; chunks: AsyncIterable<Uint8Array> }>> => {
  const nats = connection.current();
  const deliver_subject = connection.inbox();
  const messages = nats.subscribe(deliver_subject, { timeout: CHUNK_TIMEOUT_MS });
  try {
    // The server looks whether anybody listens before it begins.
    await nats.flush();
    const request = { deliver_subject, chunk_size: CHUNK_BYTES };
    const saved = await ask<SavedStream>(connection, `$JS.API.STREAM.SNAPSHOT.${stream}`, request);
    return { saved, chunks: chunksOf(messages, stream) };
  } catch (error) {
    messages.unsubscribe();
    throw orUnavailable(error);
  }
};

async function* chunksOf(messages: Subscription, stream: string): AsyncIterable<Uint8Array> {
  try {
    for await (const message of messages) {
      if (message.data.length === 0) return refuseBroken(message, stream);
      yield message.data;
      message.respond();
    }
    throw new NatsUnavailable(`the snapshot of ${stream} broke off`);
  } catch (error) {
    throw orUnavailable(error);
  } finally {
    messages.unsubscribe();
  }
}

/**
 * Makes a stream again out of what `saveStream` wrote: the same sequences, times and consumers. There must be
 * no stream of that name.
 * @throws JetStreamRefused, NatsUnavailable
 */
export const restoreStream = async (
  connection: JetStreamConnection,
  { config, state }: SavedStream,
  source: AsyncIterable<Uint8Array>,
): Promise<void> => {
  const subject = `$JS.API.STREAM.RESTORE.${config.name}`;
  const { deliver_subject } = await ask<{ deliver_subject: string }>(connection, subject, { config, state });
  for await (const bytes of source) {
    for (let from = 0; from < bytes.length; from += CHUNK_BYTES) {
      const chunk = bytes.subarray(from, from + CHUNK_BYTES);
      await ask(connection, deliver_subject, chunk, CHUNK_TIMEOUT_MS);
    }
  }
  await ask(connection, deliver_subject, new Uint8Array(), RESTORED_TIMEOUT_MS);
};

type Reply = Readonly<{ error?: Readonly<{ code?: number; err_code?: number; description?: string }> }>;

/** Both calls are newer than, or left out of, the administration that the client offers (nats 2.29.3). */
const ask = async <T>(
  connection: JetStreamConnection,
  subject: string,
  payload: object | Uint8Array,
  timeout = API_TIMEOUT_MS,
): Promise<T & Reply> => {
  const bytes = payload instanceof Uint8Array ? payload : JSONCodec().encode(payload);
  const message = await connection
    .current()
    .request(subject, bytes, { timeout })
    .catch((error: unknown) => {
      throw orUnavailable(error);
    });
  const reply: T & Reply = message.data.length === 0 ? Object.create(null) : message.json();
  if (reply.error) throw apiError(reply.error);
  return reply;
};

/** The last chunk is empty; what went wrong stands in its headers. */
const refuseBroken = ({ headers }: Msg, stream: string): void => {
  if (headers && headers.code >= 300)
    throw new NatsUnavailable(`the snapshot of ${stream} broke off: ${headers.code} ${headers.description}`);
};
