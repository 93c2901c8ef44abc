import { setTimeout as pause } from 'node:timers/promises';
import type { Naming, StreamSeq } from '@tallystream/contracts';
import { type JetStreamConnection, lastMessages } from '@tallystream/jetstream';

const POLL_MS = 50;

/**
 * Waits until the translator has said of each inbox message what became of it, `deadlineMs` milliseconds at most.
 * @returns those of which it has not: none, when all are handled
 * @throws NatsUnavailable; the reason of the signal
 */
export const handled = async (
  { connection, naming }: Readonly<{ connection: JetStreamConnection; naming: Naming }>,
  inboxSeqs: readonly StreamSeq[],
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<readonly StreamSeq[]> => {
  const deadline = performance.now() + deadlineMs;
  for (let open = inboxSeqs; ; ) {
    const subjects = open.map(naming.outcomeSubject);
    const outcomes = await lastMessages(connection, naming.stream('ZOHO_OUTCOMES'), subjects);
    const told = new Set(outcomes.map(({ subject }) => subject));
    open = open.filter((seq) => !told.has(naming.outcomeSubject(seq)));
    if (open.length === 0 || performance.now() >= deadline) return open;
    await pause(POLL_MS, undefined, { signal });
  }
};
