import { type Instant, type StreamSeq, streamSeq } from '@tallystream/contracts';
import { AckPolicy, DeliverPolicy, nanos } from 'nats';
import { type JetStreamConnection, orUnavailable } from './connection';
import { directBatch } from './direct-get';
import { passingConsumer } from './passing-consumer';

/** From where to where a stream reaches; of an empty one, `first` is behind `last`. */
export type StreamReach = Readonly<{ first: number; last: number; messages: number }>;

/** @throws NatsUnavailable */
export const streamReach = async (connection: JetStreamConnection, stream: string): Promise<StreamReach> => {
  const { first_seq, last_seq, messages } = (await infoOf(connection, stream)).state;
  return { first: Math.max(first_seq, 1), last: last_seq, messages };
};

/** How many messages of each subject that fits the filter there are. @throws NatsUnavailable */
export const countBySubject = async (
  connection: JetStreamConnection,
  stream: string,
  filter: string,
): Promise<ReadonlyMap<string, number>> => {
  const { state } = await infoOf(connection, stream, filter);
  return new Map(Object.entries(state.subjects ?? {}));
};

/**
 * The first sequence that was stored at that moment, or later, by the server's clock; the next one to come when
 * there is none.
 * @throws NatsUnavailable
 */
export const sequenceSince = async (
  connection: JetStreamConnection,
  stream: string,
  moment: Instant,
): Promise<StreamSeq> => {
  const query = { start_time: moment, next_by_subj: '>', batch: 1 };
  const [first] = (await directBatch(connection, stream, query)).messages;
  return first ? first.seq : streamSeq((await streamReach(connection, stream)).last + 1);
};

/** How many messages that fit the filter lie behind a position, without reading them. @throws NatsUnavailable */
export const countAfter = async (
  connection: JetStreamConnection,
  stream: string,
  filter: string,
  after: number,
): Promise<number> => {
  try {
    connection.current();
    const { consumers } = await connection.manager();
    const { name, num_pending } = await passingConsumer(connection, stream, {
      ack_policy: AckPolicy.None,
      mem_storage: true,
      inactive_threshold: nanos(COUNTED_MS),
      filter_subject: filter,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: after + 1,
    });
    await consumers.delete(stream, name);
    return num_pending;
  } catch (error) {
    throw orUnavailable(error);
  }
};

const COUNTED_MS = 5_000;

const infoOf = async (connection: JetStreamConnection, stream: string, filter?: string) => {
  try {
    connection.current();
    const { streams } = await connection.manager();
    return await streams.info(stream, filter === undefined ? {} : { subjects_filter: filter });
  } catch (error) {
    throw orUnavailable(error);
  }
};
