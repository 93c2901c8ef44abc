import { type Msg, RequestStrategy } from 'nats';
import { API_TIMEOUT_MS, type JetStreamConnection, orUnavailable, QUESTION_TIMEOUT_MS } from './connection';
import { apiError, NatsUnavailable } from './errors';
import { type StreamMessage, streamMessage } from './stream-message';

/** Most subjects that nats-server answers in one batched direct get. */
export const MAX_SUBJECTS = 1_024;

type DirectQuery = Readonly<
  | ({ next_by_subj: string; batch: number } & ({ start_time: string } | { seq: number }))
  | { multi_last: readonly string[] }
>;

const NOTHING_FOUND = 404;
const END_OF_BATCH = 204;

export type DirectBatch = Readonly<{
  messages: readonly StreamMessage[];
  /** The last sequence that the answering server had; told by `multi_last` that found something. */
  upTo?: number;
}>;

/** A batched direct get; the client's own `getBatch` hides the server's codes (nats 2.29.3). */
export const directBatch = async (
  connection: JetStreamConnection,
  stream: string,
  query: DirectQuery,
): Promise<DirectBatch> => {
  const found: StreamMessage[] = [];
  const replies = await connection
    .current()
    .requestMany(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify(query), {
      // Not SentinelMsg, which takes a message without a body for the end.
      strategy: RequestStrategy.Timer,
      maxWait: API_TIMEOUT_MS,
    });
  try {
    for await (const reply of replies) {
      const code = reply.headers?.code ?? 0;
      if (code === NOTHING_FOUND || code === END_OF_BATCH) {
        const upTo = reply.headers?.get('Nats-UpTo-Sequence');
        return { messages: found, ...(upTo ? { upTo: Number(upTo) } : {}) };
      }
      if (code >= 300) throw apiError({ code, description: reply.headers?.description ?? '' });
      found.push(directMessage(reply));
    }
  } catch (error) {
    throw orUnavailable(error);
  }
  // The iterator also ends when time is up: a part of a history must not pass for the whole.
  throw new NatsUnavailable('a batch read ended without its end mark');
};

/**
 * The message at a sequence, from any replica; nothing when that one does not have it, or not yet.
 * @throws NatsUnavailable
 */
export const directMessageAt = async (
  connection: JetStreamConnection,
  stream: string,
  seq: number,
): Promise<StreamMessage | undefined> => {
  const reply = await connection
    .current()
    .request(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify({ seq }), { timeout: QUESTION_TIMEOUT_MS })
    .catch((error: unknown) => {
      throw orUnavailable(error);
    });
  const code = reply.headers?.code ?? 0;
  if (code === NOTHING_FOUND) return undefined;
  if (code >= 300) throw apiError({ code, description: reply.headers?.description ?? '' });
  return directMessage(reply);
};

const directMessage = (reply: Msg): StreamMessage => {
  const header = (name: string) => reply.headers?.get(name) ?? '';
  return streamMessage({
    seq: Number(header('Nats-Sequence')),
    subject: header('Nats-Subject'),
    headers: reply.headers,
    data: reply.data,
    millis: Date.parse(header('Nats-Time-Stamp')),
  });
};
