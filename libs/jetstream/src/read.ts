import { type Instant, instantFrom, type StreamSeq, streamSeq } from '@tallystream/contracts';
import { type MsgRequest, NatsError } from 'nats';
import { type JetStreamConnection, orUnavailable, QUESTION_TIMEOUT_MS } from './connection';
import { type DirectBatch, directBatch, directMessageAt, MAX_SUBJECTS } from './direct-get';
import { apiError, NatsUnavailable } from './errors';
import { BEHIND, EXPECTED } from './publish';
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
    const query = { ...from, next_by_subj: subject, batch: PAGE };
    const { messages: page } = await directBatch(connection, stream, query);
    found.push(...page);
    const last = page.at(-1);
    if (page.length < PAGE || !last) return found;
    from = { seq: last.seq + 1 };
  }
};

/** So many are asked for one by one; those before them in pages, at the price of a search. */
const STEPS_BACK = 200;

/**
 * The messages of a subject from one of them back, newest first. One that was published with an expectation, or behind
 * another of its subject in a batch, says where the one before it lies, so nothing else is read: nats-server would
 * look at every message in between.
 * @param since how far back the reader means to go, by the server's clock; others may come, too
 * @throws NatsUnavailable
 */
export async function* messagesBack(
  connection: JetStreamConnection,
  stream: string,
  { subject, from, since = instantFrom(0) }: Readonly<{ subject: string; from: number; since?: Instant }>,
): AsyncGenerator<StreamMessage> {
  let steps = 0;
  for (let seq = from; seq > 0; steps += 1) {
    // The leader has what has not come to a replica yet.
    const message =
      (await directMessageAt(connection, stream, seq)) ??
      (await messageAt(connection, stream, streamSeq(seq)));
    if (message?.subject !== subject) throw new NatsUnavailable(`${stream} has no ${subject} at ${seq}`);
    yield message;
    const before = placeBefore(message);
    if (before === undefined || steps === STEPS_BACK) {
      const all = await messagesSince(connection, stream, subject, since);
      const place = all.findIndex((one) => one.seq === seq);
      if (place < 0) throw new NatsUnavailable(`the history of ${subject} is still on its way to a replica`);
      return yield* all.slice(0, place).reverse();
    }
    seq = before;
  }
}

/** Nothing when it does not say so: it was published by an older release, or without an expectation. */
const placeBefore = (message: StreamMessage): number | undefined => {
  const behind = message.header(BEHIND);
  const expected = message.header(EXPECTED);
  const before = behind ? message.seq - Number(behind) : expected ? Number(expected) : Number.NaN;
  return before >= 0 && before < message.seq ? before : undefined;
};

/**
 * The first messages of a subject after a position, oldest first, `max` at most.
 * @throws NatsUnavailable
 */
export const messagesAfter = async (
  connection: JetStreamConnection,
  stream: string,
  subject: string,
  { after, max }: Readonly<{ after: number; max: number }>,
): Promise<readonly StreamMessage[]> =>
  (await directBatch(connection, stream, { seq: after + 1, next_by_subj: subject, batch: max })).messages;

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
  const pages: Promise<DirectBatch>[] = [];
  for (let from = 0; from < subjects.length; from += MAX_SUBJECTS) {
    pages.push(directBatch(connection, stream, { multi_last: subjects.slice(from, from + MAX_SUBJECTS) }));
  }
  return (await Promise.all(pages)).flatMap(({ messages }) => messages);
};

/** The highest sequence of a stream; 0 when it is empty. @throws NatsUnavailable */
export const lastSequence = async (connection: JetStreamConnection, stream: string): Promise<number> =>
  (await leaderOf(connection, stream)).lastSeq;

export type Leader = Readonly<{ lastSeq: number; isReplicated: boolean }>;

/** How far the leader of a stream is, and whether there are others beside it. @throws NatsUnavailable */
export const leaderOf = async (connection: JetStreamConnection, stream: string): Promise<Leader> => {
  try {
    connection.current();
    const manager = await connection.manager(QUESTION_TIMEOUT_MS);
    const { state, config } = await manager.streams.info(stream);
    return { lastSeq: state.last_seq, isReplicated: config.num_replicas > 1 };
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
  const manager = await connection.manager(QUESTION_TIMEOUT_MS);
  try {
    const { seq, subject, header, data, time } = await manager.streams.getMessage(stream, query);
    return streamMessage({ seq, subject, headers: header, data, millis: time.getTime() });
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.code === 404) return undefined;
    throw error instanceof NatsError && error.api_error ? apiError(error.api_error) : orUnavailable(error);
  }
};
