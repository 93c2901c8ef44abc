/** How often a message has been delivered, counting this time. */
export type Delivery = Readonly<{ attempt: number; isLast: boolean }>;

const SECOND = 1_000;

/** When an unhandled message comes back. Tests make it quick; nothing else has a reason to. */
export type RetryTiming = Readonly<{
  /** How long the server waits for a sign of life of whoever has a message in hand. */
  ackWaitMs: number;
  /** How long to wait after each failed attempt; after the attempt that follows the last, it is dead. */
  pausesMs: readonly number[];
}>;

export const defaultRetryTiming: RetryTiming = {
  // Short, so that what a killed process had in hand comes back soon; `working` extends it for what takes longer.
  ackWaitMs: 5 * SECOND,
  pausesMs: [1 * SECOND, 5 * SECOND, 30 * SECOND, 120 * SECOND, 600 * SECOND],
};

/** After this many deliveries a message goes to the dead letters. */
export const maxAttempts = ({ pausesMs }: RetryTiming): number => pausesMs.length + 1;

/** How long to wait before the next attempt, in milliseconds. */
export const pauseAfter = (attempt: number, { pausesMs }: RetryTiming): number =>
  pausesMs[Math.min(attempt, pausesMs.length) - 1] ?? 0;

/** No further attempt can change the outcome: the message goes to the dead letters at once. */
export class DeadLetter extends Error {
  constructor(
    /** One token: it becomes part of the dead letter's subject. */
    readonly reason: string,
    detail: string,
  ) {
    super(detail);
    this.name = 'DeadLetter';
  }
}

/**
 * What a dead letter says of itself. Where the stream keeps the message, the letter names its place and holds
 * nothing of it: what a webhook says of people lies in the inbox and nowhere else (docs/adr/0014). Of a queue it
 * holds the message, with the headers that it came with.
 */
export const deadLetterHeaders = {
  consumer: 'Tally-Dead-Consumer',
  reason: 'Tally-Dead-Reason',
  error: 'Tally-Dead-Error',
  attempts: 'Tally-Dead-Attempts',
  stream: 'Tally-Dead-Stream',
  sequence: 'Tally-Dead-Sequence',
  subject: 'Tally-Dead-Subject',
  messageId: 'Tally-Dead-Message-Id',
  /** `stream`: where the message lies; absent: it is in the letter. */
  content: 'Tally-Dead-Content',
} as const;

/** Of the header `Tally-Dead-Content`. */
export const IN_STREAM = 'stream';
