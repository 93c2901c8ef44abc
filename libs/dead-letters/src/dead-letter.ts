import {
  type Instant,
  instantSchema,
  type StreamSeq,
  streamSeq,
  streamSeqSchema,
} from '@tallystream/contracts';
import { deadLetterHeaders, IN_STREAM, REDRIVE, type StreamMessage } from '@tallystream/jetstream';
import { z } from 'zod';

/** What was done about a dead letter. Without a state it is open; `retrying` lasts as long as it takes. */
export const deadLetterStateSchema = z.object({
  deadLetter: streamSeqSchema,
  consumer: z.string(),
  reason: z.string(),
  status: z.enum(['open', 'retrying', 'retried', 'discarded']),
  at: instantSchema,
  by: z.string(),
  /** The sequence that a retried message has in its stream now. */
  retriedAs: streamSeqSchema.optional(),
  note: z.string().optional(),
});
export type DeadLetterState = Readonly<z.infer<typeof deadLetterStateSchema>>;

export const deadLetterStatuses = ['open', 'retried', 'discarded'] as const;
export type DeadLetterStatus = (typeof deadLetterStatuses)[number];

/** A message that could not be handled. The record never changes; `status` and what follows is its state. */
export type BuriedMessage = Readonly<{
  /** Sequence in the stream of dead letters. */
  id: StreamSeq;
  consumer: string;
  reason: string;
  error: string;
  attempts: number;
  diedAt: Instant;
  /** Where it lay: a stream, and its sequence there. */
  stream: string;
  sequence: number;
  subject: string;
  /** How often it had been put back when it died. */
  retries: number;
  /** Of the body, in bytes; absent when the letter only names its place in its stream. */
  size?: number;
  status: DeadLetterStatus;
  decidedAt?: Instant;
  decidedBy?: string;
  retriedAs?: StreamSeq;
  note?: string;
}>;

/** Longer than a retry takes: one that has been `retrying` since then was cut off in the middle. */
const RETRYING_MS = 60_000;

export const statusOf = (state: DeadLetterState | undefined, now: number): DeadLetterStatus => {
  if (state === undefined || state.status === 'open') return 'open';
  if (state.status !== 'retrying') return state.status;
  return now - Date.parse(state.at) > RETRYING_MS ? 'open' : 'retried';
};

/** @param message with its body, or without: then its headers tell how large it is */
export const deadLetterFrom = (
  message: StreamMessage,
  state: DeadLetterState | undefined,
  now: number,
): BuriedMessage => {
  const header = (name: keyof typeof deadLetterHeaders) => message.header(deadLetterHeaders[name]) ?? '';
  const { consumer, reason } = namesIn(message.subject);
  const status = statusOf(state, now);
  return {
    id: message.seq,
    consumer,
    reason,
    error: header('error'),
    attempts: Number(header('attempts')) || 0,
    diedAt: message.storedAt,
    stream: header('stream'),
    sequence: Number(header('sequence')) || 0,
    subject: header('subject'),
    retries: Number(message.header(REDRIVE)) || 0,
    ...(isElsewhere(message) ? {} : { size: Number(message.header('Nats-Msg-Size') ?? message.data.length) }),
    status,
    ...(state && status !== 'open' ? decisionIn(state) : {}),
  };
};

/** Of whom and why, as the subject tells: a letter that says nothing of itself still has that. */
export const namesIn = (subject: string): Pick<BuriedMessage, 'consumer' | 'reason'> => {
  const [reason = '', consumer = ''] = subject.split('.').reverse();
  return { consumer, reason };
};

/** What a webhook says of people lies in the inbox and nowhere else: the letter says where. */
export const isElsewhere = (message: StreamMessage): boolean =>
  message.header(deadLetterHeaders.content) === IN_STREAM;

const decisionIn = ({ at, by, retriedAs, note }: DeadLetterState) => ({
  decidedAt: at,
  decidedBy: by,
  ...(retriedAs === undefined ? {} : { retriedAs: streamSeq(retriedAs) }),
  ...(note === undefined ? {} : { note }),
});
