import { setTimeout as pause } from 'node:timers/promises';
import { instantFrom, type Naming } from '@tallystream/contracts';
import {
  type JetStreamConnection,
  type StartAt,
  type StreamMessage,
  subscribe,
} from '@tallystream/jetstream/core';
import { type LevelsOfInterest, levelsOfInterest } from './levels-of-interest';
import { type StockChange, stockChangeOf } from './stock-change';

export type SubscriptionOptions = LevelsOfInterest &
  Readonly<{
    /**
     * Where it begins: `now` (when absent) with what comes; `state` with the newest change of every level, then what
     * comes; `start` with the first change ever; `after` behind a `seq`; `since` with the first one recorded then.
     * A durable subscription that is known already goes on where it stood instead.
     */
    from?: 'now' | 'state' | 'start' | Readonly<{ after: number }> | Readonly<{ since: Date }>;
    /**
     * A name makes the subscription durable: NATS remembers how far it is, and it goes on there after a restart,
     * whatever happened meanwhile. Processes that share a name share the changes. Absent: it lives as long as the
     * process, and each process hears of everything.
     */
    durable?: string;
    /**
     * Called for one change after the other, in the order of the stream. When it rejects, a durable subscription
     * calls it again with the same change, later and later (after 1 s to 10 min), until it resolves, and nothing
     * overtakes it; a live one goes on with the next. After a crash, too, a change may come twice: see `seq`.
     */
    onChange: (change: StockChange) => Promise<void> | void;
    /** Told of everything that did not go well. The subscription goes on by itself. */
    onFailure: (failure: SubscriptionFailure) => void;
  }>;

export type SubscriptionFailure =
  /** `onChange` rejected; it is called again in `retryInMs`, or not at all where that is absent. */
  | Readonly<{ kind: 'rejected'; error: unknown; change: StockChange; attempt: number; retryInMs?: number }>
  /**
   * An event that this program cannot read: most often it was written by a newer release. It was passed over, and
   * what you know of its level is out of date until the next one; update, or ask for the stock.
   */
  | Readonly<{ kind: 'unreadable'; error: unknown; subject: string; seq: number }>
  /** The consumer could not be set up, or was lost. Nothing is missed: it is tried again, for ever. */
  | Readonly<{ kind: 'interrupted'; error: unknown }>;

export type StockSubscription = Readonly<{
  /** Resolves when all that was there at the beginning has been handled, or when the subscription is closed. */
  caughtUp: Promise<void>;
  /**
   * Begins no further change and lets the one in hand end, within 9 s. Of a durable subscription a change that takes
   * longer comes again.
   */
  close: () => Promise<void>;
}>;

const CLOSE_MS = 9_000;

export const subscribeStock = (
  connection: JetStreamConnection,
  naming: Naming,
  { from = 'now', durable, onChange, onFailure, ...interest }: SubscriptionOptions,
): StockSubscription => {
  const { subjects, includes } = levelsOfInterest(naming, interest);
  const name = durable === undefined ? undefined : naming.consumer(`client-${nameOf(durable)}`);
  const changeOf = (message: StreamMessage): StockChange | undefined => {
    const change = stockChangeOf(message);
    return change && includes(change) ? change : undefined;
  };
  const ending = new AbortController();
  const { signal } = ending;
  let reached: () => void = () => undefined;
  const caughtUp = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const ended = subscribe({
    connection,
    stream: naming.stream('STOCK'),
    subjects,
    from: startOf(from),
    ...(name === undefined ? {} : { durable: name }),
    handle: async (message) => {
      let change: StockChange | undefined;
      try {
        change = changeOf(message);
      } catch (error) {
        // No further attempt would read it.
        onFailure({ kind: 'unreadable', error, subject: message.subject, seq: message.seq });
      }
      if (change) await onChange(change);
    },
    failed: (message, error, attempt, retryInMs) => {
      const change = changeOf(message);
      if (!change) throw error;
      onFailure({
        kind: 'rejected',
        error,
        change,
        attempt,
        ...(retryInMs === undefined ? {} : { retryInMs }),
      });
    },
    onCaughtUp: reached,
    report: (error) => onFailure({ kind: 'interrupted', error }),
    signal,
  });
  return {
    caughtUp,
    close: async () => {
      ending.abort();
      await Promise.race([ended, pause(CLOSE_MS, undefined, { ref: false })]);
      reached();
    },
  };
};

/** It becomes part of a consumer's name and of subjects of the JetStream API. */
const nameOf = (durable: string): string => {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(durable)) return durable;
  throw new RangeError(`durable: ${JSON.stringify(durable)} must be 1 to 64 of A-Z a-z 0-9 _ -`);
};

const startOf = (from: NonNullable<SubscriptionOptions['from']>): StartAt => {
  if (from === 'state') return 'last-per-subject';
  if (typeof from === 'string' || 'after' in from) return from;
  return { since: instantFrom(from.since.getTime()) };
};
