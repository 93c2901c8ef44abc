import type { ServerResponse } from 'node:http';
import type { ChangeLog } from './change-log';
import { follower, type Wish } from './follower';
import { countDropped } from './live-clients';
import { type LoggedChange, readInOrder } from './logged-change';

export type EventStreamTimes = Readonly<{
  /** Proxies and clients take a line that is silent for longer for dead. */
  heartbeatMs: number;
  /** A client that takes nothing for so long is cut off; it may go on from where it was. */
  patienceMs: number;
}>;

export const eventStreamTimes: EventStreamTimes = { heartbeatMs: 15_000, patienceMs: 30_000 };

export type EventStreamParts = Readonly<{
  log: Pick<ChangeLog, 'page' | 'onNews'>;
  start: Wish;
  /** Asked with every heartbeat: keys are revoked, and tokens expire. */
  mayStay: () => boolean;
  signal: AbortSignal;
}>;

/** Asks browsers and proxies on the way to pass on each event at once, as it is. */
const headers = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-store, no-transform',
  'X-Accel-Buffering': 'no',
  // When a process ends, clients are to come back to another one, not over the same connection.
  Connection: 'close',
} as const;

/**
 * Sends server-sent events until the client goes or `signal` aborts. Nothing is sent while the connection is full, so
 * that a slow client costs one page of changes at most.
 */
export const sendEvents = async (
  response: ServerResponse,
  { log, start, mayStay, signal }: EventStreamParts,
  times: EventStreamTimes = eventStreamTimes,
): Promise<void> => {
  const ending = new AbortController();
  const end = () => ending.abort();
  response.once('close', end);
  signal.addEventListener('abort', end, { once: true });
  if (response.closed || signal.aborted) end();

  let wish = start;
  /** The last position that the client was told. */
  let told = start.position;
  const give = async (changes: readonly LoggedChange[]): Promise<void> => {
    const { read, stoppedBy } = readInOrder(changes);
    const isTaken = response.write(read.map(({ text }) => text).join(''));
    told = read.at(-1)?.change.seq ?? told;
    if (!isTaken) await drained(response, times.patienceMs);
    if (stoppedBy) throw stoppedBy;
  };
  const { follow } = follower({
    log,
    wish: () => wish,
    movedTo: (next) => {
      wish = { ...wish, position: next };
    },
    give,
    signal: ending.signal,
  });

  const beat = () => {
    if (!mayStay()) end();
    if (response.writableNeedDrain || ending.signal.aborted) return;
    response.write(wish.position === told ? ': still here\n\n' : positionEvent(wish.position));
    told = wish.position;
  };
  const heartbeat = setInterval(beat, times.heartbeatMs);
  try {
    response.writeHead(200, headers);
    response.write(`retry: ${reconnectAfterMs()}\n\n${positionEvent(start.position)}`);
    await follow();
    response.end();
  } catch (error) {
    const isSlow = error instanceof TooSlow;
    countDropped('sse', isSlow ? 'slow' : 'unreadable');
    if (isSlow) response.destroy();
    else response.end();
    if (!isSlow) throw error;
  } finally {
    clearInterval(heartbeat);
    signal.removeEventListener('abort', end);
  }
};

/**
 * Lets a client that has seen no change, or wants few, know where it is, for when it comes back. With data, as some
 * clients overlook the id of an event without (eventsource-parser 4).
 */
const positionEvent = (position: number): string =>
  `event: position\nid: ${position}\ndata: {"seq":${position}}\n\n`;

/** Not all at once, when a process ends that had a thousand. */
const reconnectAfterMs = (): number => 500 + Math.floor(Math.random() * 1_500);

/** The client has not taken for too long what was sent to it. */
class TooSlow extends Error {}

const drained = (response: ServerResponse, withinMs: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const done = (settle: () => void) => () => {
      clearTimeout(timer);
      response.off('drain', taken).off('close', taken);
      settle();
    };
    const taken = done(resolve);
    const timer = setTimeout(
      done(() => reject(new TooSlow())),
      withinMs,
    );
    response.once('drain', taken).once('close', taken);
  });
