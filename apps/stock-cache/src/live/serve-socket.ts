import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Problem, type ProblemDocument, problemDocument } from '@tallystream/contracts';
import { type Caller, fieldErrors, invalidRequest } from '@tallystream/platform';
import type { Server, Socket } from 'socket.io';
import type { ChangeLog } from './change-log';
import { follower } from './follower';
import { countDropped } from './live-clients';
import { MAX_IDS } from './live-updates.dto';
import { type LoggedChange, readInOrder } from './logged-change';
import { type SocketRequest, socketRequests } from './socket-requests';
import type { InventoryUpdate } from './stock-change';
import { moved, noSubscriptions, positionOf, subscribed, unsubscribed } from './subscriptions';

type RefusalDocument = ProblemDocument & Readonly<{ retryAfterSeconds?: number }>;
/** `seq`: the position from which the subscription goes on. */
type Answer = Readonly<{ ok: true; seq?: number } | { ok: false; error: RefusalDocument }>;

/** What goes to a client; what comes from it is checked whatever it is. */
type ServerEvents = {
  'inventory:update': (update: InventoryUpdate) => void;
  /** What was wrong with a request that asked for no acknowledgement. */
  problem: (problem: RefusalDocument & Readonly<{ event: string }>) => void;
};
type ClientEvents = Record<string, never>;
type Data = { caller: Caller };
export type LiveServer = Server<ClientEvents, ServerEvents, ClientEvents, Data>;
export type LiveSocket = Socket<ClientEvents, ServerEvents, ClientEvents, Data>;

/** A client that takes nothing for so long is cut off. */
const PATIENCE_MS = 30_000;
/** Requests of one client that may wait for their turn. */
const MAX_WAITING = 1_000;

const logger = new Logger('live');

/** Serves one client until it goes: takes its requests one after the other, and gives it what it subscribed to. */
export const serveSocket = async (
  socket: LiveSocket,
  log: Pick<ChangeLog, 'page' | 'onNews' | 'head' | 'existing'>,
  patienceMs = PATIENCE_MS,
): Promise<void> => {
  const ending = new AbortController();
  socket.once('disconnect', () => ending.abort());
  let subscriptions = noSubscriptions;

  const give = async (changes: readonly LoggedChange[]): Promise<void> => {
    const { read, stoppedBy } = readInOrder(changes);
    for (const { update } of read) socket.emit('inventory:update', update);
    await taken(socket, patienceMs);
    if (stoppedBy) throw stoppedBy;
  };
  const { follow, wake } = follower({
    log,
    wish: () => (subscriptions.topics.size > 0 ? subscriptions : undefined),
    movedTo: (position) => {
      subscriptions = moved(subscriptions, position);
    },
    give,
    signal: ending.signal,
  });

  const carryOut = async ({ kind, topics, after }: SocketRequest): Promise<Answer> => {
    if (kind === 'unsubscribe') {
      subscriptions = unsubscribed(subscriptions, topics);
      wake();
      return { ok: true };
    }
    const since = await (after === undefined ? log.head() : log.existing(after, 'since'));
    // To say again that one wants something is no reason to pass over what is on its way.
    const added = topics.filter((topic) => after !== undefined || !subscriptions.topics.has(topic));
    const next = subscribed(subscriptions, added, since);
    if (next.topics.size > MAX_IDS)
      throw new Problem('invalid_request', `A client may have ${MAX_IDS} subscriptions at most.`);
    subscriptions = next;
    wake();
    return { ok: true, seq: Math.min(...topics.map((topic) => positionOf(next, topic))) };
  };

  takeRequests(socket, carryOut);
  try {
    await follow();
  } catch (error) {
    countDropped('socket', error instanceof TooSlow ? 'slow' : 'unreadable');
    if (!(error instanceof TooSlow)) logger.error(error);
    // Not `disconnect`, after which clients do not come back by themselves.
    socket.conn.close();
  }
};

/** One after the other, as each begins where the one before it left the subscriptions. */
const takeRequests = (socket: LiveSocket, carryOut: (request: SocketRequest) => Promise<Answer>): void => {
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  socket.onAny((name: string | number, ...given: readonly unknown[]) => {
    const event = String(name).slice(0, 80);
    const end = given.at(-1);
    const acknowledge = typeof end === 'function' ? end : undefined;
    const payload = acknowledge && given.length === 1 ? undefined : given[0];
    const reply = (answer: Answer): void => {
      if (acknowledge) acknowledge(answer);
      else if (!answer.ok) socket.emit('problem', { event, ...answer.error });
    };
    waiting += 1;
    if (waiting > MAX_WAITING) socket.conn.close();
    last = last.then(async () => {
      const answer = await answerTo(event, payload, carryOut);
      reply(answer);
      waiting -= 1;
      // A client that overlooks it would wait for ever: cut off, it asks again when it is back.
      if (!answer.ok && answer.error.retryAfterSeconds) socket.conn.close();
    });
  });
};

const answerTo = async (
  event: string,
  payload: unknown,
  carryOut: (request: SocketRequest) => Promise<Answer>,
): Promise<Answer> => {
  try {
    const schema = socketRequests.get(event);
    if (!schema) throw new Problem('not_found', `There is no event "${event}".`);
    const parsed = schema.safeParse(payload ?? {});
    if (!parsed.success) throw invalidRequest(fieldErrors(parsed.error));
    return await carryOut(parsed.data);
  } catch (error) {
    return { ok: false, error: refusalDocument(error) };
  }
};

/** Why a client may not come in, for its `connect_error`: `error.data` is a problem document. */
export const refusal = (error: unknown): Error => {
  const data = refusalDocument(error);
  return Object.assign(new Error(data.detail), { data });
};

const refusalDocument = (error: unknown): RefusalDocument => {
  const problem =
    error instanceof Problem ? error : new Problem('internal', 'The error is in our log.', { cause: error });
  if (problem.code === 'internal') logger.error(error);
  const { retryAfterSeconds } = problem;
  return { ...problemDocument(problem), ...(retryAfterSeconds ? { retryAfterSeconds } : {}) };
};

/** The client has not taken for too long what was sent to it. */
class TooSlow extends Error {}

/**
 * Waits until what was emitted has left the process: the transport is writable again only when it has sent all that
 * waited (engine.io 6.6).
 */
const taken = async ({ conn }: LiveSocket, withinMs: number): Promise<void> => {
  const deadline = performance.now() + withinMs;
  await nextTurn();
  for (let wait = 1; conn.readyState === 'open' && !conn.transport.writable; wait = Math.min(wait * 2, 250)) {
    if (performance.now() > deadline) throw new TooSlow();
    await pause(wait);
  }
};
