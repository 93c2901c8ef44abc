import { createServer, type Server as HttpServer } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { eventually } from '@tallystream/testing';
import { register } from 'prom-client';
import { Server } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import { type LiveServer, serveSocket } from './serve-socket';
import { changeAt, logInMemory, unreadableAt } from './spec/changes';

const PATIENCE_MS = 300;
/** More than the buffers of a connection hold. */
const CHANGES = 60_000;

describe('a client by Socket.IO', () => {
  let log: ReturnType<typeof logInMemory>;
  let http: HttpServer;
  let server: LiveServer;
  let port: number;
  let emitted: number;
  const clients: Socket[] = [];

  beforeAll(() => Logger.overrideLogger(false));

  beforeEach(async () => {
    log = logInMemory();
    emitted = 0;
    http = createServer();
    server = new Server(http);
    server.on('connection', (socket) => {
      socket.onAnyOutgoing(() => {
        emitted += 1;
      });
      void serveSocket(socket, log, PATIENCE_MS);
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    port = (http.address() as AddressInfo).port;
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await server.close();
  });

  const dropped = async (reason: string) => {
    const counter = await register.getSingleMetric('tally_live_clients_dropped_total')?.get();
    const found = counter?.values.find(
      ({ labels }) => labels.transport === 'socket' && labels.reason === reason,
    );
    return found?.value ?? 0;
  };
  const connect = (throughPort = port) => {
    const socket = io(`http://127.0.0.1:${throughPort}`, { transports: ['websocket'], forceNew: true });
    clients.push(socket);
    const seqs: number[] = [];
    const ends: string[] = [];
    socket.on('inventory:update', ({ seq }: { seq: number }) => seqs.push(seq));
    socket.on('disconnect', (reason) => ends.push(reason));
    return { socket, seqs, ends };
  };
  const subscribe = ({ socket }: { socket: Socket }, since = 0) =>
    socket.timeout(5_000).emitWithAck('subscribe', { channel: 'inventory', since });

  it('that takes nothing is cut off, with little in hand for it', async () => {
    const before = await dropped('slow');
    // Between the two, a line that gets stuck.
    const lines: net.Socket[] = [];
    const stuck = net.createServer((near) => {
      const far = net.connect(port, '127.0.0.1');
      lines.push(near, far);
      far.pipe(near);
      near.pipe(far);
      for (const socket of [near, far]) socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => stuck.listen(0, '127.0.0.1', resolve));
    try {
      const client = connect((stuck.address() as AddressInfo).port);
      await subscribe(client);
      for (const line of lines) line.unpipe().pause();
      log.add(...Array.from({ length: CHANGES }, (_, n) => changeAt(n + 1, 'a@main')));
      await eventually(() => expect(log.listeners.size).toBe(0), 60_000);
      // What the operating system took, and a page.
      expect(emitted).toBeGreaterThan(64);
      expect(emitted).toBeLessThan(CHANGES);
      expect(await dropped('slow')).toBe(before + 1);
    } finally {
      for (const line of lines) line.destroy();
      stuck.close();
    }
  }, 120_000);

  it('stops at a change that cannot be read, and never passes over it', async () => {
    const before = await dropped('unreadable');
    const client = connect();
    await subscribe(client);
    log.add(changeAt(1, 'a@main'), unreadableAt(2, 'a@main'), changeAt(3, 'a@main'));
    await eventually(() => expect(client.ends).toEqual(['transport close']));
    expect(client.seqs).toEqual([1]);
    expect(await dropped('unreadable')).toBe(before + 1);
  });

  it('leaves nothing behind when it goes', async () => {
    const some = [connect(), connect()];
    await Promise.all(some.map((one) => subscribe(one)));
    expect(log.listeners.size).toBe(2);
    for (const { socket } of some) socket.close();
    await eventually(() => expect(log.listeners.size).toBe(0));
  });

  it('that asks and asks without waiting for answers is cut off', async () => {
    const client = connect();
    await subscribe(client);
    for (let n = 0; n < 5_000; n += 1) client.socket.emit('subscribe', { channel: 'inventory', since: 1 });
    await eventually(() => expect(client.ends).toEqual(['transport close']));
  });
});
