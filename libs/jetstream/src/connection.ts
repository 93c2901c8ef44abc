import {
  type ConnectionOptions,
  connect,
  createInbox,
  Events,
  type JetStreamManager,
  type NatsConnection,
  NatsError,
} from 'nats';
import { NatsUnavailable, NotPermitted } from './errors';

export type ConnectionLog = Readonly<{
  /** The connection ended although nobody closed it: it will not come back. */
  lost?: (error: Error) => void;
  info: (message: string) => void;
  warn: (message: string) => void;
}>;

/**
 * One connection to NATS that never gives up. It connects in the background, so that a process starts, and
 * serves what it can, while NATS is away.
 */
export type JetStreamConnection = Readonly<{
  /** Resolves when the first connection stands; does not fail while NATS is away. */
  ready: () => Promise<NatsConnection>;
  /** The connection, if it stands now. @throws NatsUnavailable */
  current: () => NatsConnection;
  isConnected: () => boolean;
  /** When the connection came up or was lost, in milliseconds since 1970. */
  since: () => number;
  /** Calls back after each reconnection: what was on its way to us is lost. Returns how to stop that. */
  onReconnect: (listener: () => void) => () => void;
  /** A new subject on which our user may listen. */
  inbox: () => string;
  /**
   * The stream administration; resolves once the first connection stands.
   * @param patienceMs how long it waits for each answer: of what has no leader there is none
   */
  manager: (patienceMs?: number) => Promise<JetStreamManager>;
  close: () => Promise<void>;
}>;

export const openConnection = (
  { url, name }: Readonly<{ url: string; name: string }>,
  log: ConnectionLog,
): JetStreamConnection => {
  let connection: NatsConnection | undefined;
  let isConnected = false;
  let since = Date.now();
  let closing = false;
  const listeners = new Set<() => void>();

  const changed = (connected: boolean, message: string) => {
    if (isConnected === connected) return;
    const isAgain = connected && connection !== undefined;
    isConnected = connected;
    since = Date.now();
    (connected ? log.info : log.warn)(message);
    if (isAgain) for (const listener of listeners) listener();
  };

  const options = optionsFrom(url, name);
  const established = connect({
    ...options,
    // Asked before each attempt, also of the first connection, which nothing else could end (nats 2.29.3).
    reconnectDelayHandler: () => {
      if (closing) throw new NatsUnavailable('the connection was closed before NATS answered');
      return RECONNECT_MS * (1 + Math.random());
    },
  }).then(async (opened) => {
    if (closing) await opened.close();
    changed(true, `connected to NATS at ${opened.getServer()}`);
    connection = opened;
    void follow(opened, changed);
    void opened.closed().then((error) => {
      if (!closing)
        log.lost?.(new Error(`the connection to NATS ended: ${error?.message ?? 'no reason given'}`));
    });
    return opened;
  });
  // Whoever needs the connection sees the failure; here it only must not crash the process.
  established.catch((error: unknown) => {
    if (!closing) log.warn(`cannot connect to NATS: ${String(error)}`);
  });

  return {
    ready: () => established,
    current: () => {
      if (connection && isConnected && !connection.isClosed()) return connection;
      throw new NatsUnavailable('NATS cannot be reached');
    },
    isConnected: () => isConnected && connection?.isClosed() === false,
    since: () => since,
    onReconnect: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    inbox: () => createInbox(options.inboxPrefix),
    manager: async (patienceMs = API_TIMEOUT_MS) =>
      (await established).jetstreamManager({ checkAPI: false, timeout: patienceMs }),
    close: async () => {
      closing = true;
      if (connection && !connection.isClosed()) await (isConnected ? connection.drain() : connection.close());
    },
  };
};

export const API_TIMEOUT_MS = 5_000;
/** For questions that a leader answers at once, if there is one: better asked again than waited for. */
export const QUESTION_TIMEOUT_MS = 2_000;
const DIAL_MS = 3_000;
/** Attempts to connect are this far apart, or up to twice as far, so that not all come back at once. */
const RECONNECT_MS = 250;

/** Turns the client's time-outs, lost connections and refusals into ours; leaves other errors alone. */
export const orUnavailable = (error: unknown): Error => {
  if (error instanceof NatsError && passingCodes.has(error.code)) {
    return new NatsUnavailable(`NATS did not answer (${error.code})`, error);
  }
  if (error instanceof NatsError && error.isPermissionError()) return new NotPermitted(error);
  return error instanceof Error ? error : new Error(String(error));
};

const passingCodes = new Set([
  'TIMEOUT',
  '503',
  'CONNECTION_CLOSED',
  'CONNECTION_REFUSED',
  'DISCONNECT',
  'CONNECTION_DRAINING',
]);

const optionsFrom = (url: string, name: string): ConnectionOptions => {
  const servers = url.split(',').map((part) => new URL(part.trim()));
  const first = servers[0];
  const user = decodeURIComponent(first?.username ?? '');
  return {
    servers: servers.map(({ host }) => host),
    name,
    ...(user ? { user } : {}),
    // Answers and messages come to a place of the user's own, so that none may listen to another's.
    ...(/^[\w-]+$/.test(user) ? { inboxPrefix: `_INBOX.${user}` } : {}),
    ...(first?.password ? { pass: decodeURIComponent(first.password) } : {}),
    ...(first?.protocol === 'tls:' ? { tls: {} } : {}),
    maxReconnectAttempts: -1,
    waitOnFirstConnect: true,
    // Credentials may be wrong for a moment, while they are being changed.
    ignoreAuthErrorAbort: true,
    // A server that takes connections and says nothing, as one that hangs does, is left for another.
    timeout: DIAL_MS,
    pingInterval: 2_000,
    maxPingOut: 2,
    // Stack traces of every publish cost a quarter of the throughput (nats 2.29.3).
    noAsyncTraces: true,
  };
};

const follow = async (
  connection: NatsConnection,
  changed: (connected: boolean, message: string) => void,
): Promise<void> => {
  for await (const { type } of connection.status()) {
    if (type === Events.Disconnect) changed(false, 'lost the connection to NATS');
    if (type === Events.Reconnect) changed(true, 'connected to NATS again');
  }
};
