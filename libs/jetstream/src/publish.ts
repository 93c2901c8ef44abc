import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type StreamSeq, streamSeq } from '@tallystream/contracts';
import { type MsgHdrs, MsgHdrsImpl, NatsError, headers as natsHeaders } from 'nats';
import { type JetStreamConnection, orUnavailable } from './connection';
import { apiError, NatsUnavailable, NotTaken } from './errors';

export type OutgoingMessage = Readonly<{
  subject: string;
  headers: Readonly<Record<string, string>>;
  data: Uint8Array;
  /**
   * The last sequence that the subject must have for the commit to succeed; 0: must not exist yet. Set it on
   * the first message of each subject of a batch, and on no other (nats-server refuses a second one, 10164).
   */
  expectedSubjectSeq?: number;
}>;

export type Published = Readonly<{ seq: StreamSeq; duplicate: boolean }>;

/** Header: the sequence that the newest message of its subject must have, so that a message is taken; 0: none. */
export const EXPECTED = 'Nats-Expected-Last-Subject-Sequence';
/** Header: how many messages behind the one of its subject before it a message lies, when both are of one batch. */
export const BEHIND = 'Tally-Behind';

/** Most messages that nats-server takes in one atomic batch. */
export const MAX_BATCH = 1_000;
const PUBLISH_TIMEOUT_MS = 4_000;

type PubAck = Readonly<{
  seq?: number;
  duplicate?: boolean;
  error?: Readonly<{ code?: number; err_code?: number; description?: string }>;
}>;

/**
 * Appends one message and waits until the stream holds it. With `messageId`, the stream drops a second
 * message of the same id within its duplicate window and answers with the first one's sequence.
 * @throws NatsUnavailable when the answer did not come: the message may or may not be stored
 * @throws CommitConflict when `expectedSubjectSeq` did not hold
 */
export const publish = async (
  connection: JetStreamConnection,
  message: OutgoingMessage,
  { messageId, timeoutMs = PUBLISH_TIMEOUT_MS }: Readonly<{ messageId?: string; timeoutMs?: number }> = {},
): Promise<Published> => {
  const headers = headersOf(message);
  if (messageId) headers.set('Nats-Msg-Id', messageId);
  const end = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await acknowledged(connection, message, headers, Math.ceil(end - performance.now()));
    } catch (error) {
      const left = (end - performance.now()) / timeoutMs;
      if (!(error instanceof NotTaken) || left < 1 - AGAIN_SHARE) throw error;
    }
    await pause(AGAIN_MS);
  }
};

/** Of the time-out: a leader that goes in order has a successor within a second, and who waits for us waits no longer. */
const AGAIN_SHARE = 0.25;
/** About as long as three servers need to agree. */
const AGAIN_MS = 20;

/**
 * Appends all messages to one stream, or none of them (nats-server ≥ 2.12, ADR 0003). Each is sent before the next
 * one is asked for, so that a thousand need not be in memory at once. Each says where that of its subject before it lies.
 * @returns the sequence of the last message; the batch lies before it without gaps
 * @throws NatsUnavailable when the answer did not come: the batch may or may not be stored
 * @throws CommitConflict when an expectation did not hold
 */
export const publishBatch = async (
  connection: JetStreamConnection,
  messages: Iterable<OutgoingMessage>,
): Promise<StreamSeq> => {
  const nats = connection.current();
  const batchId = randomUUID();
  const positions = new Map<string, number>();
  let last: OutgoingMessage | undefined;
  let position = 0;
  const headersOfLast = ({ subject, ...message }: OutgoingMessage): MsgHdrs => {
    const before = positions.get(subject);
    positions.set(subject, position);
    return batchHeaders(message, batchId, position, before);
  };
  for (const message of messages) {
    if (last) nats.publish(last.subject, last.data, { headers: headersOfLast(last) });
    last = message;
    position += 1;
    // What was sent of it is never committed.
    if (position > MAX_BATCH) throw new RangeError(`a batch holds ${MAX_BATCH} messages at most`);
  }
  if (!last) throw new RangeError('a batch holds a message at least');
  if (position === 1) return (await publish(connection, last)).seq;
  const headers = headersOfLast(last);
  headers.set('Nats-Batch-Commit', '1');
  return (await acknowledged(connection, last, headers, PUBLISH_TIMEOUT_MS)).seq;
};

const acknowledged = async (
  connection: JetStreamConnection,
  { subject, data }: OutgoingMessage,
  headers: MsgHdrs,
  timeout: number,
): Promise<Published> => {
  const reply = await connection
    .current()
    .request(subject, data, { headers, timeout })
    .catch((error: unknown) => {
      throw error instanceof NatsError && error.code === NOBODY_LISTENS
        ? new NotTaken('the stream has no leader', error)
        : orUnavailable(error);
    });
  const ack: PubAck = reply.json<PubAck>();
  if (ack.error) throw apiError(ack.error);
  if (ack.seq === undefined) throw new NatsUnavailable('JetStream answered without a sequence');
  return { seq: streamSeq(ack.seq), duplicate: ack.duplicate === true };
};

const NOBODY_LISTENS = '503';

const headersOf = (message: OutgoingMessage): MsgHdrs => {
  const headers = natsHeaders();
  for (const [name, value] of Object.entries(message.headers)) headers.append(name, value);
  if (message.expectedSubjectSeq !== undefined) headers.append(EXPECTED, String(message.expectedSubjectSeq));
  return headers;
};

const batchHeaders = (
  message: Omit<OutgoingMessage, 'subject'>,
  batchId: string,
  position: number,
  before: number | undefined,
): MsgHdrs => {
  const all: Record<string, string[]> = {
    'Nats-Batch-Id': [batchId],
    'Nats-Batch-Sequence': [String(position)],
  };
  for (const name in message.headers) all[name] = [message.headers[name] ?? ''];
  if (before !== undefined) all[BEHIND] = [String(position - before)];
  if (message.expectedSubjectSeq !== undefined) all[EXPECTED] = [String(message.expectedSubjectSeq)];
  return MsgHdrsImpl.fromRecord(all);
};
