import { setTimeout as pause } from 'node:timers/promises';
import type { JetStreamConnection } from './connection';
import { directBatch, MAX_SUBJECTS } from './direct-get';
import { NatsUnavailable } from './errors';
import { type Leader, lastMessage, leaderOf } from './read';
import type { StreamMessage } from './stream-message';

/** So many are asked for one by one: the leader knows them, and nobody has to be waited for. */
const FEW_SUBJECTS = 2;
const REPLICA_TRIES = 20;
const REPLICA_PAUSE_MS = 50;

/**
 * The last message of each of many subjects, none older than the leader's when it was asked: read-after-write,
 * in few requests. Subjects without one are left out.
 * @throws NatsUnavailable, also when the replicas lag behind for long
 */
export const lastMessagesNow = async (
  connection: JetStreamConnection,
  stream: string,
  subjects: readonly string[],
): Promise<readonly StreamMessage[]> => {
  if (subjects.length <= FEW_SUBJECTS) return fromLeader(connection, stream, subjects);
  const leader = await leaderOf(connection, stream);
  const pages: Promise<readonly StreamMessage[]>[] = [];
  for (let from = 0; from < subjects.length; from += MAX_SUBJECTS) {
    pages.push(fromReplica(connection, stream, subjects.slice(from, from + MAX_SUBJECTS), leader));
  }
  return (await Promise.all(pages)).flat();
};

const fromLeader = async (
  connection: JetStreamConnection,
  stream: string,
  subjects: readonly string[],
): Promise<readonly StreamMessage[]> => {
  const found = await Promise.all(subjects.map((subject) => lastMessage(connection, stream, subject)));
  return found.flatMap((message) => message ?? []);
};

/** From whichever answers, once it has come as far as the leader had. */
const fromReplica = async (
  connection: JetStreamConnection,
  stream: string,
  subjects: readonly string[],
  { lastSeq, isReplicated }: Leader,
): Promise<readonly StreamMessage[]> => {
  for (let attempt = 1; attempt <= REPLICA_TRIES; attempt += 1) {
    const { messages, upTo } = await directBatch(connection, stream, { multi_last: subjects });
    // Who has none of the subjects does not say how far it is.
    if (upTo === undefined) return isReplicated ? fromLeader(connection, stream, subjects) : [];
    if (upTo >= lastSeq) return messages;
    await pause(REPLICA_PAUSE_MS);
  }
  throw new NatsUnavailable(`the replicas of ${stream} lag behind its leader`);
};
