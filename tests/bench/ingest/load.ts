import net from 'node:net';

/** What became of every request: a run counts only if nothing is left over. */
export type LoadLedger = Readonly<{
  /** Requests that were due. */
  sent: number;
  /** Answered, by status. */
  completed: number;
  statuses: Readonly<Record<number, number>>;
  /** Without an answer when time was up. */
  missing: number;
  /** Without an answer when their connection ended. */
  cutOff: number;
}>;

export type LoadResult = Readonly<{
  ledger: LoadLedger;
  seconds: number;
  /** When the first request was due, by the clock that all processes of this machine share, in milliseconds. */
  startedAt: number;
  /** Milliseconds from the time at which each answered request was due. */
  latencies: readonly number[];
}>;

export type Load = Readonly<{
  port: number;
  connections: number;
  requests: readonly Buffer[];
  /** A second, on schedule whether or not answers come; absent: as fast as answers come. */
  rate?: number;
}>;

/** Milliseconds by the machine's monotonic clock, which `performance.now` counts from each process's own start. */
export const sharedNow = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

type Due = Readonly<{ bytes: Buffer; at: number }>;

const GRACE_MS = 10_000;
const TICK_MS = 1;

/** Sends each request once over kept-alive connections. Latency counts from the schedule, not from the sending. */
export const runLoad = async ({ port, connections, requests, rate }: Load): Promise<LoadResult> => {
  const statuses: Record<number, number> = {};
  const latencies: number[] = [];
  const waiting: Due[] = [];
  let sent = 0;
  let completed = 0;
  let cutOff = 0;
  let next = 0;
  let lastAnswer = 0;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });

  const clients = await Promise.all(Array.from({ length: connections }, () => openClient(port)));
  const idle = new Set(clients);
  const schedule = (at: number) => {
    const bytes = requests[next++];
    if (!bytes) return;
    sent += 1;
    waiting.push({ bytes, at });
  };
  const dispatch = () => {
    for (const client of idle) {
      if (!rate) schedule(performance.now());
      const due = waiting.shift();
      if (!due) break;
      idle.delete(client);
      client.ask(due.bytes, (status) => {
        if (status === undefined) cutOff += 1;
        else {
          completed += 1;
          statuses[status] = (statuses[status] ?? 0) + 1;
          lastAnswer = performance.now();
          latencies.push(lastAnswer - due.at);
          idle.add(client);
        }
        if (completed + cutOff === requests.length) finish();
        else dispatch();
      });
    }
  };

  const start = performance.now();
  const ticking = rate
    ? setInterval(() => {
        while (next < requests.length && start + (next / rate) * 1_000 <= performance.now()) {
          schedule(start + (next / rate) * 1_000);
        }
        dispatch();
      }, TICK_MS)
    : undefined;
  dispatch();
  const planned = rate ? (requests.length / rate) * 1_000 : 60_000;
  const timeUp = setTimeout(finish, planned + GRACE_MS);
  await finished;
  clearTimeout(timeUp);
  clearInterval(ticking);
  const missing = waiting.length + clients.filter((client) => client.isBusy()).length;
  for (const client of clients) client.close();
  return {
    ledger: { sent, completed, statuses, missing, cutOff },
    seconds: (lastAnswer - start) / 1_000,
    startedAt: sharedNow() - (performance.now() - start),
    latencies,
  };
};

type Answered = (status: number | undefined) => void;

type Client = Readonly<{
  /** One request at a time; answers nothing when the connection ends instead. */
  ask: (bytes: Buffer, answered: Answered) => void;
  isBusy: () => boolean;
  close: () => void;
}>;

/** As little HTTP as answers with a content-length need: the load generator shares the machine with its subject. */
const openClient = async (port: number): Promise<Client> => {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  let answered: Answered | undefined;
  let received = '';
  const answer = (status: number | undefined) => {
    const tell = answered;
    answered = undefined;
    tell?.(status);
  };
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    received += chunk;
    const head = received.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(received)?.[1] ?? 0);
    if (received.length < head + 4 + length) return;
    const status = Number(received.slice(9, 12));
    received = received.slice(head + 4 + length);
    answer(status);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => answer(undefined));
  return {
    ask: (bytes, then) => {
      if (socket.destroyed) return then(undefined);
      answered = then;
      socket.write(bytes);
    },
    isBusy: () => answered !== undefined,
    close: () => {
      answered = undefined;
      socket.destroy();
    },
  };
};

/** @returns what does not add up, if anything */
export const imbalance = ({ sent, completed, missing, cutOff, statuses }: LoadLedger): string | undefined => {
  const counts = `${sent} sent, ${completed} completed, ${missing} missing, ${cutOff} cut off`;
  if (sent !== completed + missing + cutOff) return `the load does not balance: ${counts}`;
  if (missing + cutOff > 0) return `requests stayed without an answer: ${counts}`;
  const refused = Object.entries(statuses).filter(([status]) => status !== '202');
  return refused.length > 0 ? `not every webhook was accepted: ${JSON.stringify(statuses)}` : undefined;
};
