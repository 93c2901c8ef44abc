import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { eventually } from '@tallystream/testing';
import { register } from 'prom-client';
import { sendEvents } from './event-stream';
import { changeAt, logInMemory, unreadableAt } from './spec/changes';

const times = { heartbeatMs: 20, patienceMs: 200 };
const all = () => true;

describe('an event stream', () => {
  let log: ReturnType<typeof logInMemory>;
  let server: Server;
  let stopping: AbortController;
  let outcomes: string[];
  /** Most bytes that were ever in hand for a client. */
  let inHand: number;
  let watching: NodeJS.Timeout[];
  let mayStay: boolean;
  let wants: (change: { itemId: string }) => boolean;

  beforeEach(async () => {
    log = logInMemory();
    stopping = new AbortController();
    outcomes = [];
    inHand = 0;
    watching = [];
    wants = all;
    mayStay = true;
    server = createServer((request, response) => {
      const look = () => {
        inHand = Math.max(inHand, response.writableLength);
      };
      watching.push(setInterval(look, 1));
      const position = Number(request.headers['last-event-id'] ?? 0);
      const parts = { log, start: { position, wants }, mayStay: () => mayStay, signal: stopping.signal };
      sendEvents(response, parts, times).then(
        () => outcomes.push('ended'),
        (error) => outcomes.push(error.name),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    stopping.abort();
    for (const timer of watching) clearInterval(timer);
    await new Promise((resolve) => server.close(resolve).closeAllConnections());
  });

  const port = () => (server.address() as AddressInfo).port;
  /** A client that shows what comes, byte by byte. */
  const connect = (lastEventId = 0) => {
    const socket = net.connect(port(), '127.0.0.1');
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\nLast-Event-ID: ${lastEventId}\r\n\r\n`);
    const view = { socket, text: '', isClosed: false };
    socket.on('data', (bytes) => {
      view.text += bytes;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      view.isClosed = true;
    });
    return view;
  };
  const idsIn = ({ text }: { text: string }) =>
    [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  const dropped = async (reason: string) => {
    const counter = await register.getSingleMetric('tally_live_clients_dropped_total')?.get();
    const found = counter?.values.find(
      ({ labels }) => labels.transport === 'sse' && labels.reason === reason,
    );
    return found?.value ?? 0;
  };

  it('begins with when to come back, and where it is', async () => {
    const client = connect(7);
    await eventually(() => expect(idsIn(client)).toEqual([7]));
    expect(client.text).toMatch(/\r\nretry: \d{3,4}\n\n/);
    expect(client.text).toContain('event: position\nid: 7\ndata: {"seq":7}\n\n');
  });

  it('is one event for each change, of one line', async () => {
    const client = connect();
    await eventually(() => expect(idsIn(client)).toEqual([0]));
    log.add(changeAt(3, 'a@main', { sku: 'first\nsecond\r\nthird' }));
    await eventually(() => expect(idsIn(client)).toEqual([0, 3]));
    const line = /^id: 3\ndata: (.*)\n\n/m.exec(client.text)?.[1] ?? '';
    expect(JSON.parse(line)).toMatchObject({ seq: 3, itemId: 'a', sku: 'first\nsecond\r\nthird' });
  });

  it('shows that it lives while nothing happens, and where it is when nothing was wanted', async () => {
    wants = ({ itemId }) => itemId === 'a';
    const client = connect();
    await eventually(() => expect(client.text.match(/^: /gm)?.length).toBeGreaterThan(2));
    log.add(changeAt(5, 'b@main'));
    await eventually(() => expect(idsIn(client)).toEqual([0, 5]));
    expect(client.text).toContain('event: position\nid: 5\n');
    const heartbeats = client.text.match(/^: /gm)?.length ?? 0;
    await eventually(() => expect(client.text.match(/^: /gm)?.length).toBeGreaterThan(heartbeats));
    expect(idsIn(client)).toEqual([0, 5]);
  });

  it('cuts off a client that takes nothing, with little in hand for it', async () => {
    const before = await dropped('slow');
    const client = connect();
    await eventually(() => expect(idsIn(client)).toEqual([0]));
    client.socket.pause();
    const long = 'x'.repeat(10_000);
    for (let seq = 1; seq <= 1_500; seq += 1) log.add(changeAt(seq, 'a@main', { sku: long }));
    await eventually(() => expect(outcomes).toEqual(['ended']));
    expect(await dropped('slow')).toBe(before + 1);
    expect(inHand).toBeGreaterThan(0);
    expect(inHand).toBeLessThan(1_000_000);
    client.socket.resume();
    await eventually(() => expect(client.isClosed).toBe(true));
    // What it did take is whole up to where it was cut off: it goes on from there.
    const got = idsIn(client);
    expect(got.length).toBeLessThan(1_500);
    const again = connect(got.at(-1));
    const rest = 1_500 - (got.at(-1) ?? 0);
    await eventually(() => expect(idsIn(again)).toHaveLength(rest + 1), 60_000);
  }, 120_000);

  it('waits for a client that is slow, but takes something', async () => {
    for (let seq = 1; seq <= 1_500; seq += 1) log.add(changeAt(seq, 'a@main', { sku: 'x'.repeat(10_000) }));
    const client = connect();
    const sip = setInterval(() => {
      client.socket.resume();
      setImmediate(() => client.socket.pause());
    }, 2);
    try {
      await eventually(() => expect(idsIn(client)).toHaveLength(1_501), 60_000);
    } finally {
      clearInterval(sip);
    }
  }, 120_000);

  it('stops at a change that cannot be read, and never passes over it', async () => {
    const before = await dropped('unreadable');
    const client = connect();
    await eventually(() => expect(idsIn(client)).toEqual([0]));
    log.add(changeAt(1, 'a@main'), unreadableAt(2, 'a@main'), changeAt(3, 'a@main'));
    await eventually(() => expect(client.isClosed).toBe(true));
    expect(idsIn(client)).toEqual([0, 1]);
    expect(outcomes).toEqual(['UnreadableEvent']);
    expect(await dropped('unreadable')).toBe(before + 1);
    const again = connect(1);
    await eventually(() => expect(again.isClosed).toBe(true));
    expect(idsIn(again)).not.toContain(3);
  });

  it('leaves nothing behind when the client goes', async () => {
    const clients = [connect(), connect(), connect()];
    await eventually(() => expect(log.listeners.size).toBe(3));
    for (const { socket } of clients) socket.destroy();
    await eventually(() => expect([log.listeners.size, outcomes]).toEqual([0, ['ended', 'ended', 'ended']]));
  });

  it('ends when the key is not good any more', async () => {
    const client = connect();
    await eventually(() => expect(idsIn(client)).toEqual([0]));
    mayStay = false;
    await eventually(() => expect(client.isClosed).toBe(true));
    expect(outcomes).toEqual(['ended']);
  });

  it('ends with the process, and the connection with it', async () => {
    const client = connect();
    await eventually(() => expect(idsIn(client)).toEqual([0]));
    stopping.abort();
    await once(client.socket, 'close');
    expect([outcomes, log.listeners.size]).toEqual([['ended'], 0]);
    const late = connect();
    await eventually(() => expect(late.isClosed).toBe(true));
    expect(late.text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });
});
