import {
  type Instant,
  instantFrom,
  instantSchema,
  millisOf,
  type Naming,
  type StreamSeq,
  streamSeq,
  streamSeqSchema,
} from '@tallystream/contracts';
import { z } from 'zod';
import type { JetStreamConnection } from './connection';
import { CommitConflict } from './errors';
import { publish } from './publish';
import { lastMessage } from './read';
import { REDRIVE, redrive } from './redrive';
import type { StreamMessage } from './stream-message';
import { type WatchParts, watch } from './watch';

/** A message that could not be handled, and about which nothing has been done yet. */
export type OpenLetter = Readonly<{
  /** Sequence among the dead letters. */
  id: StreamSeq;
  consumer: string;
  reason: string;
  diedAt: Instant;
  /** How often it had been put back when it died. */
  retries: number;
}>;

/** What was done about a dead letter; without a state it is open. `retrying` lasts as long as it takes. */
const stateSchema = z.object({
  deadLetter: streamSeqSchema,
  consumer: z.string(),
  reason: z.string(),
  status: z.enum(['open', 'retrying', 'retried', 'discarded']),
  at: instantSchema,
  by: z.string(),
  retriedAs: streamSeqSchema.optional(),
});
type State = Readonly<z.infer<typeof stateSchema>>;

/** One that has been `retrying` for longer was cut off in the middle. */
const RETRYING_MS = 60_000;

export type DeadLetterBook = Readonly<{
  /** Resolves when all letters of the past have been read. */
  ready: () => Promise<void>;
  /** The first one that died first. */
  open: () => readonly OpenLetter[];
  /**
   * Puts one back, unless somebody has done something about it meanwhile.
   * @returns whether it was put back
   * @throws NatsUnavailable, NotADeadLetter, OriginalGone
   */
  retry: (letter: OpenLetter, by: string) => Promise<boolean>;
  /** Resolves when the watching has ended. */
  ended: Promise<unknown>;
}>;

/** A view, in memory, of the letters that are open, as long as `signal` does not abort. */
export const deadLetterBook = (
  connection: JetStreamConnection,
  naming: Naming,
  { signal, report }: Readonly<{ signal: AbortSignal; report: (error: unknown) => void }>,
): DeadLetterBook => {
  const letters = new Map<number, OpenLetter>();
  const states = new Map<number, State>();
  const stateStream = naming.stream('DEAD_LETTER_STATES');
  const follow = (part: Omit<WatchParts, 'connection' | 'report' | 'signal'>) => {
    let caughtUp: () => void = () => undefined;
    const ready = new Promise<void>((resolve) => {
      caughtUp = resolve;
    });
    const ended = watch({ ...part, connection, report, signal, onCaughtUp: caughtUp });
    return { ready, ended };
  };
  const isOpen = (id: number, now: number): boolean => {
    const state = states.get(id);
    if (!state || state.status === 'open') return true;
    return state.status === 'retrying' && now - millisOf(state.at) > RETRYING_MS;
  };

  const buried = follow({
    stream: naming.stream('DEAD_LETTERS'),
    subject: naming.subject('dead.>'),
    from: { after: 0 },
    headersOnly: true,
    onMessage: (message) => letters.set(message.seq, letterFrom(message)),
  });
  const dealtWith = follow({
    stream: stateStream,
    subject: naming.subject('dead-letter.*'),
    from: 'last-per-subject',
    onMessage: (message) => {
      const state = stateFrom(message);
      if (state) states.set(state.deadLetter, state);
    },
  });

  const move = async (
    letter: OpenLetter,
    by: string,
    more: Partial<State>,
    after: number,
  ): Promise<number> => {
    const { id, consumer, reason } = letter;
    const at = instantFrom(Date.now());
    const state: State = { deadLetter: id, consumer, reason, at, by, status: 'retrying', ...more };
    const { seq } = await publish(connection, {
      subject: naming.deadLetterStateSubject(id),
      headers: { 'content-type': 'application/json' },
      data: Buffer.from(JSON.stringify(state)),
      expectedSubjectSeq: after,
    });
    states.set(id, state);
    return seq;
  };

  return {
    ready: async () => {
      await Promise.all([buried.ready, dealtWith.ready]);
    },
    open: () => {
      const now = Date.now();
      return [...letters.values()].filter(({ id }) => isOpen(id, now));
    },
    retry: async (letter, by) => {
      const before = await lastMessage(connection, stateStream, naming.deadLetterStateSubject(letter.id));
      const state = before && stateFrom(before);
      if (state) states.set(letter.id, state);
      if (!isOpen(letter.id, Date.now())) return false;
      let claim: number;
      try {
        claim = await move(letter, by, { status: 'retrying' }, before?.seq ?? 0);
      } catch (error) {
        if (error instanceof CommitConflict) return false;
        throw error;
      }
      try {
        const retriedAs = await redrive(connection, naming, letter.id);
        await move(letter, by, { status: 'retried', retriedAs }, claim);
        return true;
      } catch (error) {
        await move(letter, by, { status: 'open' }, claim).catch(report);
        throw error;
      }
    },
    ended: Promise.all([buried.ended, dealtWith.ended]),
  };
};

/** Consumer and reason are in the subject: a letter that says nothing of itself still has those. */
const letterFrom = (message: StreamMessage): OpenLetter => {
  const [reason = '', consumer = ''] = message.subject.split('.').reverse();
  return {
    id: streamSeq(message.seq),
    consumer,
    reason,
    diedAt: message.storedAt,
    retries: Number(message.header(REDRIVE)) || 0,
  };
};

const stateFrom = ({ data }: StreamMessage): State | undefined => {
  try {
    return stateSchema.parse(JSON.parse(Buffer.from(data).toString()));
  } catch {
    return undefined;
  }
};
