import type { Instant, StreamSeq } from '@tallystream/contracts';
import { type Msg, type MsgRequest, NatsError, RequestStrategy } from 'nats';
import { API_TIMEOUT_MS, type JetStreamConnection, orUnavailable } from './connection';
import { apiError, NatsUnavailable } from './errors';
import { type StreamMessage, streamMessage } from './stream-message';

/**
 * The last message of a subject, read through the stream's leader: read-after-write, which a direct get is
 * not on a replicated stream.
 * @throws NatsUnavailable
 */
export const lastMessage = (
  connection: JetStreamConnection,
  stream: string,
  subject: string,
): Promise<StreamMessage | undefined> => storedMessage(connection, stream, { last_by_subj: subject });

/** The message at a sequence, if it still exists. @throws NatsUnavailable */
export const messageAt = (
  connection: JetStreamConnection,
  stream: string,
  seq: StreamSeq,
): Promise<StreamMessage | undefined> => storedMessage(connection, stream, { seq });

/**
 * All messages of one subject since a moment of the server's clock, oldest first.
 * @throws NatsUnavailable
 */
export const messagesSince = async (
  connection: JetStreamConnection,
  stream: string,
  subject: string,
  since: Instant,
): Promise<readonly StreamMessage[]> => {
  const found: StreamMessage[] = [];
  let from: Readonly<{ start_time: string } | { seq: number }> = { start_time: since };
  for (;;) {
    const page = await directBatch(connection, stream, { ...from, next_by_subj: subject, batch: PAGE });
    found.push(...page);
    const last = page.at(-1);
    if (page.length < PAGE || !last) return found;
    from = { seq: last.seq + 1 };
  }
};

/**
 * The first messages of a subject after a position, oldest first, `max` at most.
 * @throws NatsUnavailable
 */
export const messagesAfter = (
  connection: JetStreamConnection,
  stream: string,
  subject: string,
  { after, max }: Readonly<{ after: number; max: number }>,
): Promise<readonly StreamMessage[]> =>
  directBatch(connection, stream, { seq: after + 1, next_by_subj: subject, batch: max });

/** Most subjects that nats-server answers in one batched direct get. */
const MAX_SUBJECTS = 1_024;

/**
 * The last message of each of many subjects, in few requests; subjects without one are left out. Answered by
 * any replica, so on a replicated stream it may be old: commit on it with expectations, or not at all.
 * @throws NatsUnavailable
 */
export const lastMessages = async (
  connection: JetStreamConnection,
  stream: string,
  subjects: readonly string[],
): Promise<readonly StreamMessage[]> => {
  const pages: Promise<readonly StreamMessage[]>[] = [];
  for (let from = 0; from < subjects.length; from += MAX_SUBJECTS) {
    pages.push(directBatch(connection, stream, { multi_last: subjects.slice(from, from + MAX_SUBJECTS) }));
  }
  return (await Promise.all(pages)).flat();
};

/** The highest sequence of a stream; 0 when it is empty. @throws NatsUnavailable */
export const lastSequence = async (connection: JetStreamConnection, stream: string): Promise<number> => {
  try {
    connection.current();
    const manager = await connection.manager();
    return (await manager.streams.info(stream)).state.last_seq;
  } catch (error) {
    throw orUnavailable(error);
  }
};

const PAGE = 500;

const storedMessage = async (
  connection: JetStreamConnection,
  stream: string,
  query: MsgRequest,
): Promise<StreamMessage | undefined> => {
  connection.current();
  const manager = await connection.manager();
  try {
    const { seq, subject, header, data, time } = await manager.streams.getMessage(stream, query);
    return streamMessage({ seq, subject, headers: header, data, millis: time.getTime() });
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.code === 404) return undefined;
    throw error instanceof NatsError && error.api_error ? apiError(error.api_error) : orUnavailable(error);
  }
};

type DirectQuery = Readonly<
  | ({ next_by_subj: string; batch: number } & ({ start_time: string } | { seq: number }))
  | { multi_last: readonly string[] }
>;

const NOTHING_FOUND = 404;
const END_OF_BATCH = 204;

/** A batched direct get; the client's own `getBatch` hides the server's codes (nats 2.29.3). */
export const directBatch = async (
  connection: JetStreamConnection,
  stream: string,
  query: DirectQuery,
): Promise<readonly StreamMessage[]> => {
  const found: StreamMessage[] = [];
  const replies = await connection
    .current()
    .requestMany(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify(query), {
      strategy: RequestStrategy.SentinelMsg,
      maxWait: API_TIMEOUT_MS,
    });
  try {
    for await (const reply of replies) {
      const code = reply.headers?.code ?? 0;
      if (code === NOTHING_FOUND || code === END_OF_BATCH) return found;
      if (code >= 300) throw apiError({ code, description: reply.headers?.description ?? '' });
      found.push(directMessage(reply));
    }
  } catch (error) {
    throw orUnavailable(error);
  }
  // The iterator also ends when time is up: a part of a history must not pass for the whole.
  throw new NatsUnavailable('a batch read ended without its end mark');
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
