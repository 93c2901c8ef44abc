import { Logger } from '@nestjs/common';
import { type Naming, streamSeq } from '@tallystream/contracts';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { type JetStreamConnection, openConnection } from '../connection';
import { provisionStreams } from '../provision';
import { publish } from '../publish';
import type { StreamMessage } from '../stream-message';
import type { BatchConsumer, StartPosition } from './handlers';
import { startPattern } from './handlers';
import { JetStreamServer } from './jetstream-server';

jest.setTimeout(20_000);

const quiet = { info: () => undefined, warn: () => undefined };

describe('a batch consumer on JetStream', () => {
  let connection: JetStreamConnection;
  let naming: Naming;
  let servers: JetStreamServer[];
  /** The store that a projection would write to: its checkpoint, and what was applied, in order. */
  let store: { checkpoint: number; applied: number[] };

  beforeAll(async () => {
    Logger.overrideLogger(false);
    connection = openConnection({ url: testServers().natsUrl, name: 'batch-loop.int.spec' }, quiet);
    await connection.ready();
  });
  beforeEach(async () => {
    naming = freshNaming();
    servers = [];
    store = { checkpoint: 0, applied: [] };
    await provisionStreams(connection, naming);
  });
  afterEach(async () => {
    await Promise.all(servers.map((server) => server.close()));
    const { streams } = await connection.manager();
    for (const name of ['STOCK', 'ZOHO_INBOX', 'ZOHO_OUTCOMES', 'ZOHO_OBSERVE', 'DEAD_LETTERS'] as const)
      await streams.delete(naming.stream(name));
  });
  afterAll(() => connection.close());

  const consumer: BatchConsumer = {
    name: 'projection',
    stream: 'ZOHO_INBOX',
    filter: 'zoho.inbox.>',
    maxBatch: 10,
  };
  const apply = (messages: readonly StreamMessage[]): void => {
    store.applied.push(...messages.map(({ seq }) => seq));
    store.checkpoint = messages.at(-1)?.seq ?? store.checkpoint;
  };
  const serve = ({
    start = () => ({ after: streamSeq(store.checkpoint) }),
    handle = async (messages) => apply(messages),
  }: {
    start?: () => StartPosition;
    handle?: (messages: readonly StreamMessage[]) => Promise<void>;
  } = {}): JetStreamServer => {
    const server = new JetStreamServer({ connection, naming, fatal: (error) => fail(error) });
    server.addHandler('projection', handle, false, { kind: 'batch', consumer });
    server.addHandler(startPattern('projection'), async () => start(), false, { kind: 'start' });
    server.listen(() => undefined);
    servers.push(server);
    return server;
  };
  const send = async (count: number, entity = 'invoice'): Promise<void> => {
    for (let n = 0; n < count; n += 1)
      await publish(connection, {
        subject: naming.inboxSubject(entity, 'created'),
        headers: {},
        data: Buffer.from('{}'),
      });
  };
  const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, n) => first + n);
  const applied = (expected: readonly number[]) => eventually(() => expect(store.applied).toEqual(expected));

  it('that could not start counts as running again once it stands, without a message', async () => {
    let isAway = true;
    const server = serve({
      start: () => {
        if (isAway) throw new Error('the store is away');
        return { after: streamSeq(0) };
      },
    });
    const status = () => server.consumers().find(({ name }) => name === 'projection');
    await eventually(() =>
      expect(status()).toMatchObject({ state: 'failing', lastError: 'the store is away' }),
    );
    isAway = false;
    await eventually(() => expect(status()).toMatchObject({ state: 'running', handled: 0 }));
    expect(status()).not.toHaveProperty('lastError');
  });

  it('that fails on what waits for it stays failing', async () => {
    await send(1);
    const seen: (string | undefined)[] = [];
    const server = serve({
      handle: async () => {
        seen.push(server.consumers()[0]?.state);
        throw new Error('poison');
      },
    });
    await eventually(() => expect(seen.length).toBeGreaterThan(2));
    expect(seen.slice(1).every((state) => state === 'failing')).toBe(true);
  });

  it('hands batches over in order, none larger than asked for', async () => {
    const sizes: number[] = [];
    serve({
      handle: async (messages) => {
        sizes.push(messages.length);
        apply(messages);
      },
    });
    await send(35);
    await applied(upTo(35));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(consumer.maxBatch);
  });

  it('goes on after the checkpoint of its store, whatever the server remembers', async () => {
    await send(20);
    const first = serve();
    await applied(upTo(20));
    await first.close();
    // The store was restored from a backup: it is older than the server's acknowledgements.
    store = { checkpoint: 12, applied: [] };
    serve();
    await applied(upTo(20, 13));
  });

  it('begins with the newest message of each subject when only the newest state matters', async () => {
    await send(3, 'invoice');
    await send(2, 'bill');
    serve({
      start: () => ({ seed: 'last-per-subject' }),
    });
    await applied([3, 5]);
    await send(1, 'invoice');
    await applied([3, 5, 6]);
  });

  it('drops what is delivered again', async () => {
    await send(5);
    serve();
    await applied(upTo(5));
    const manager = await connection.manager();
    const [stream, durable] = [naming.stream('ZOHO_INBOX'), naming.consumer('projection')];
    const delivered = async () => (await manager.consumers.info(stream, durable)).delivered.consumer_seq;
    let release: () => void = () => undefined;
    const blocked = new Promise<void>((resolve) => {
      release = resolve;
    });
    await servers.pop()?.close();
    const seen: number[] = [];
    serve({
      handle: async (messages) => {
        seen.push(...messages.map(({ seq }) => seq));
        await blocked;
        apply(messages);
      },
    });
    await send(3);
    await eventually(() => expect(seen.length).toBeGreaterThan(0));
    await eventually(async () => expect(await delivered()).toBe(3));
    // Somebody asks for the sixth message again while it is in hand.
    connection.current().publish(`$JS.ACK.${stream}.${durable}.1.6.1.0.0`, Buffer.from('-NAK'));
    await eventually(async () => expect(await delivered()).toBe(4));
    release();
    await send(1);
    await applied(upTo(9));
  });

  it('notices a delivery that it did not get, and begins again at the checkpoint', async () => {
    serve();
    await send(2);
    await applied([1, 2]);
    const source = await connection
      .current()
      .jetstream()
      .consumers.get(naming.stream('ZOHO_INBOX'), naming.consumer('projection'));
    // Another reader of the same consumer takes a message away.
    const stolen = source.next({ expires: 5_000 });
    await send(6);
    expect(await stolen).not.toBeNull();
    await send(2);
    await applied(upTo(10));
  });

  it('makes its consumer anew when somebody deletes it', async () => {
    serve();
    await send(3);
    await applied(upTo(3));
    const manager = await connection.manager();
    await manager.consumers.delete(naming.stream('ZOHO_INBOX'), naming.consumer('projection'));
    await send(3);
    await applied(upTo(6));
  });

  it('begins again at the checkpoint after an error, and leaves nothing out', async () => {
    let failures = 2;
    const server = serve({
      handle: async (messages) => {
        if (failures > 0 && messages.some(({ seq }) => seq === 4)) {
          failures -= 1;
          throw new Error('the database said no');
        }
        apply(messages);
      },
    });
    await send(8);
    await eventually(() => expect(server.consumers()[0]?.lastError).toBe('the database said no'));
    await applied(upTo(8));
    await eventually(() => expect(server.consumers()[0]).toMatchObject({ state: 'running', position: 8 }));
    expect(failures).toBe(0);
  });

  it('stands still when the stream is shorter than the checkpoint: history was lost', async () => {
    await send(3);
    store.checkpoint = 7;
    const server = serve();
    await eventually(() => expect(server.consumers()[0]?.lastError).toMatch(/history was lost/));
    // Even when the stream has grown to where it was: what lies there now is something else.
    expect(store.applied).toEqual([]);
    expect(server.consumers()[0]).toMatchObject({ state: 'failing', handled: 0 });
  });

  it('finishes its batch before it stops', async () => {
    await send(4);
    let begun = false;
    let finish: () => void = () => undefined;
    const mayFinish = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const server = serve({
      handle: async (messages) => {
        begun = true;
        await mayFinish;
        apply(messages);
      },
    });
    await eventually(() => expect(begun).toBe(true));
    let isClosed = false;
    const closing = server.close().then(() => {
      isClosed = true;
    });
    // As long as a message takes to the server and back, and it waits still.
    await send(1);
    expect(isClosed).toBe(false);
    finish();
    await closing;
    expect(store.applied.length).toBeGreaterThan(0);
    serve();
    await applied(upTo(5));
  });
});
