import { setTimeout as pause } from 'node:timers/promises';
import type { JetStreamConnection } from './connection';

/** What is back shall not wait long for us: all is well again within ten seconds. */
export const RESTART_PAUSE_MS = { first: 100, longest: 2_000 };

export type PersistParts = Readonly<{
  connection: JetStreamConnection;
  /** Reads from where it stands until something breaks, or until `signal` aborts. */
  run: () => Promise<void>;
  /** Where it stands; while it does not get on, it begins again later and later. */
  position: () => unknown;
  /** Told why it had to begin again. */
  report: (error: unknown) => void;
  signal: AbortSignal;
}>;

/** Runs, once NATS is there, and begins again after whatever breaks, until `signal` aborts. */
export const persist = async ({ connection, run, position, report, signal }: PersistParts): Promise<void> => {
  const ended = new Promise<void>((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  for (let wait = RESTART_PAUSE_MS.first; !signal.aborted; ) {
    const before = position();
    try {
      await Promise.race([connection.ready(), ended]);
      if (!signal.aborted) await run();
    } catch (error) {
      if (!signal.aborted) report(error);
    }
    wait = position() === before ? Math.min(wait * 2, RESTART_PAUSE_MS.longest) : RESTART_PAUSE_MS.first;
    await pause(wait, undefined, { signal }).catch(() => undefined);
  }
};
