import { setTimeout as pause } from 'node:timers/promises';
import { type Naming, Problem, type StreamSeq, streamSeq, WAIT_FOR_SEQ_MS } from '@tallystream/contracts';
import type { JetStreamConnection } from './connection';
import { lastMessage, lastSequence } from './read';
import type { BatchConsumer } from './transport/handlers';

/** How far a projection is, for reads that wait for what their callers wrote. */
export type ProjectionProgress = Readonly<{
  /** Told by whoever applies the projection in this process: those who wait need not wait for the next look. */
  advanced: (to: StreamSeq) => void;
  /**
   * Waits, for `WAIT_FOR_SEQ_MS` at most, until the projection has passed a sequence of its stream.
   * @returns a position of the store that is enough for it: with it, the store has every event of the projection
   * up to the sequence, which itself may be of a subject that the projection does not take
   * @throws Problem `wait_timeout`; whatever `stored` throws
   */
  passed: (seq: StreamSeq) => Promise<StreamSeq>;
}>;

export type ProgressParts = Readonly<{
  connection: JetStreamConnection;
  naming: Naming;
  consumer: Pick<BatchConsumer, 'name' | 'stream' | 'filter'>;
  /** Where the store stands, whoever feeds it; nothing while it is being filled anew. */
  stored: () => Promise<StreamSeq | undefined>;
}>;

type Waiter = {
  readonly seq: StreamSeq;
  /** A position that has passed `seq`. */
  enough: StreamSeq;
  /** It was found in the stream, and cannot be less. */
  isExact: boolean;
  readonly resolve: (enough: StreamSeq) => void;
  readonly reject: (error: unknown) => void;
};

/** All who wait share one look, however many they are. */
const LOOK_MS = 100;
/** For somebody new the next look is sooner, but no closer than this to the one before. */
const LOOK_SOON_MS = 20;

export const projectionProgress = (parts: ProgressParts): ProjectionProgress => {
  const { connection, naming, consumer } = parts;
  const stream = naming.stream(consumer.stream);
  const waiting = new Set<Waiter>();
  let position = 0;
  let isLooking = false;
  let isLookingAtStream = false;
  let isAnyoneNew = false;
  let hurry: () => void = () => undefined;

  const moved = (to: number): void => {
    position = Math.max(position, to);
    for (const waiter of waiting) if (waiter.enough <= position) waiter.resolve(waiter.enough);
  };

  const lookAtStore = async (): Promise<void> => {
    try {
      moved((await parts.stored()) ?? 0);
    } catch (error) {
      for (const waiter of waiting) waiter.reject(error);
    }
  };

  /** A sequence may be of a subject that the projection does not take: then one before it is enough. */
  const lookAtStream = async (): Promise<void> => {
    const unsure = [...waiting].filter(({ isExact }) => !isExact);
    if (isLookingAtStream || unsure.length === 0) return;
    isLookingAtStream = true;
    try {
      // In this order: all that the projection takes up to the one lies up to the other.
      const end = await lastSequence(connection, stream);
      const newest = await lastMessage(connection, stream, naming.subject(consumer.filter));
      for (const waiter of unsure.filter(({ seq }) => seq <= end)) {
        waiter.isExact = true;
        waiter.enough = streamSeq(Math.min(waiter.seq, newest?.seq ?? 0));
      }
      moved(position);
    } catch {
      // While NATS is away, the sequence itself is waited for.
    }
    isLookingAtStream = false;
  };

  const lookWhileAnyWaits = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    while (waiting.size > 0) {
      isAnyoneNew = false;
      void lookAtStream();
      await lookAtStore();
      await pause(LOOK_SOON_MS);
      const hurried = new Promise<void>((resolve) => {
        hurry = resolve;
      });
      if (waiting.size > 0 && !isAnyoneNew) await Promise.race([pause(LOOK_MS - LOOK_SOON_MS), hurried]);
    }
    isLooking = false;
  };

  return {
    advanced: moved,
    passed: (seq) =>
      new Promise((resolve, reject) => {
        if (seq <= position) return resolve(seq);
        const leave = () => {
          clearTimeout(patience);
          waiting.delete(waiter);
        };
        const waiter: Waiter = {
          seq,
          enough: seq,
          isExact: false,
          resolve: (enough) => {
            leave();
            resolve(enough);
          },
          reject: (error) => {
            leave();
            reject(error);
          },
        };
        const patience = setTimeout(() => waiter.reject(late(consumer.name, seq, position)), WAIT_FOR_SEQ_MS);
        waiting.add(waiter);
        isAnyoneNew = true;
        hurry();
        void lookWhileAnyWaits();
      }),
  };
};

const late = (name: string, seq: StreamSeq, position: number): Problem =>
  new Problem(
    'wait_timeout',
    `${name} did not pass sequence ${seq} within ${WAIT_FOR_SEQ_MS / 1_000} seconds: it stands at ${position}.`,
  );
