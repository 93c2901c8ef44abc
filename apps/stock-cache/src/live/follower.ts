import { setImmediate as nextTurn } from 'node:timers/promises';
import { NatsUnavailable } from '@tallystream/jetstream';
import type { ChangeLog } from './change-log';
import type { Wants } from './change-ring';
import type { LoggedChange } from './logged-change';

/** What a client wants, and everything up to which position it has. */
export type Wish = Readonly<{ position: number; wants: Wants }>;

export type FollowerParts = Readonly<{
  log: Pick<ChangeLog, 'page' | 'onNews'>;
  /** What the client wants now; another object once that has changed. Nothing: it waits. */
  wish: () => Wish | undefined;
  /** Everything up to there is given, or was not wanted. */
  movedTo: (position: number) => void;
  /** Gives changes to the client; resolves when it can take more, rejects when it is not worth waiting for. */
  give: (changes: readonly LoggedChange[]) => Promise<void>;
  signal: AbortSignal;
}>;

/** Most changes that are ever in hand for a client that takes nothing. */
const PAGE = 64;
/** NATS is away, or a replica of the stream is behind. */
const TRY_AGAIN_MS = 500;

/** Gives one client what it wishes, in stream order, at its own pace. */
export const follower = ({ log, wish, movedTo, give, signal }: FollowerParts) => {
  const bell = doorbell();

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      const current = wish();
      if (!current) {
        await bell.rung();
        continue;
      }
      const page = await log.page(current.position, current.wants, PAGE).catch(nothingWhenAway);
      if (wish() !== current) continue;
      if (!page) {
        await bell.rung(TRY_AGAIN_MS);
        continue;
      }
      movedTo(page.nextSeq);
      if (page.changes.length > 0) await give(page.changes);
      if (page.isEnd) await bell.rung();
      else if (page.nextSeq === current.position) await bell.rung(TRY_AGAIN_MS);
      else await nextTurn();
    }
  };

  return {
    /** To be called when the wish has changed. */
    wake: bell.ring,
    /** Ends when `signal` aborts. @throws what `give` threw */
    follow: async (): Promise<void> => {
      const stopListening = log.onNews(bell.ring);
      signal.addEventListener('abort', bell.ring, { once: true });
      try {
        await run();
      } finally {
        stopListening();
        signal.removeEventListener('abort', bell.ring);
      }
    },
  };
};

const nothingWhenAway = (error: unknown): undefined => {
  if (error instanceof NatsUnavailable) return undefined;
  throw error;
};

/** Rung while nobody listens, it is heard by whoever listens next. */
const doorbell = () => {
  let hasRung = false;
  let answer: () => void = () => undefined;
  return {
    ring: (): void => {
      hasRung = true;
      answer();
    },
    rung: async (withinMs?: number): Promise<void> => {
      let timer: NodeJS.Timeout | undefined;
      if (!hasRung)
        await new Promise<void>((resolve) => {
          answer = resolve;
          if (withinMs !== undefined) timer = setTimeout(resolve, withinMs);
        });
      clearTimeout(timer);
      hasRung = false;
    },
  };
};
