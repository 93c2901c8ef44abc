import { Logger } from '@nestjs/common';
import { type Naming, streamNames } from '@tallystream/contracts';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { type JetStreamConnection, openConnection } from './connection';
import { provisionStreams } from './provision';
import { publish } from './publish';
import { JetStreamServer } from './transport/jetstream-server';
import { type WatchParts, watch } from './watch';

const quiet = { info: () => undefined, warn: () => undefined };

describe('watching a stream', () => {
  let connection: JetStreamConnection;
  let naming: Naming;
  let ending: AbortController;
  let watches: Promise<void>[];

  beforeAll(async () => {
    Logger.overrideLogger(false);
    connection = openConnection({ url: testServers().natsUrl, name: 'watch.int.spec' }, quiet);
    await connection.ready();
  });
  beforeEach(async () => {
    naming = freshNaming();
    ending = new AbortController();
    watches = [];
    await provisionStreams(connection, naming);
  });
  afterEach(async () => {
    ending.abort();
    await Promise.all(watches);
    const { streams } = await connection.manager();
    for (const name of streamNames) await streams.delete(naming.stream(name));
  });
  afterAll(() => connection.close());

  const say = (item: string, text: string) =>
    publish(connection, { subject: naming.subject(`stock.x.${item}`), headers: {}, data: Buffer.from(text) });

  const look = (from: WatchParts['from'] = 'last-per-subject') => {
    const seen: string[] = [];
    const errors: unknown[] = [];
    const view = { seen, errors, isCaughtUp: false };
    watches.push(
      watch({
        connection,
        stream: naming.stream('STOCK'),
        subject: naming.subject('stock.x.>'),
        from,
        onMessage: ({ data }) => seen.push(Buffer.from(data).toString()),
        onCaughtUp: () => {
          view.isCaughtUp = true;
        },
        report: (error) => errors.push(error),
        signal: ending.signal,
      }),
    );
    return view;
  };

  it('begins with the newest of every subject, and goes on with what comes', async () => {
    await say('pen', 'pen 1');
    await say('ink', 'ink 1');
    await say('pen', 'pen 2');
    const view = look();
    await eventually(() => expect(view).toMatchObject({ seen: ['ink 1', 'pen 2'], isCaughtUp: true }));
    await say('ink', 'ink 2');
    await eventually(() => expect(view.seen).toEqual(['ink 1', 'pen 2', 'ink 2']));
  });

  it('says that an empty stream has been seen', async () => {
    const view = look();
    await eventually(() => expect(view).toMatchObject({ seen: [], isCaughtUp: true }));
  });

  it('begins after a position', async () => {
    await say('pen', 'pen 1');
    const { seq } = await say('pen', 'pen 2');
    await say('pen', 'pen 3');
    const view = look({ after: seq });
    await eventually(() => expect(view).toMatchObject({ seen: ['pen 3'], isCaughtUp: true }));
  });

  it('goes on where it stood when its consumer was taken away', async () => {
    const view = look();
    await say('pen', 'pen 1');
    await eventually(() => expect(view.seen).toEqual(['pen 1']));
    const { consumers } = await connection.manager();
    for await (const { name } of consumers.list(naming.stream('STOCK')))
      await consumers.delete(naming.stream('STOCK'), name);
    await say('pen', 'pen 2');
    await eventually(() => expect(view.seen).toEqual(['pen 1', 'pen 2']));
    expect(view.errors).toHaveLength(1);
  });
});

describe('a message consumer that waits for its turn', () => {
  it('takes nothing before, and nothing after', async () => {
    const connection = openConnection({ url: testServers().natsUrl, name: 'turn.int.spec' }, quiet);
    const naming = freshNaming();
    const turns = [new AbortController(), new AbortController()];
    const started: ((turn: { until: AbortSignal }) => void)[] = [];
    const handled: string[] = [];
    const servers = ['first', 'second'].map((name, index) => {
      const server = new JetStreamServer({ connection, naming, fatal: (error) => fail(error) });
      const consumer = { name: 'looker', stream: 'ZOHO_OBSERVE', filter: 'zoho.observe.>', concurrency: 4 };
      server.addHandler('looker', async () => void handled.push(name), false, { kind: 'message', consumer });
      server.addHandler(
        'looker:start',
        () =>
          new Promise((resolve) => {
            started[index] = resolve;
          }),
        false,
        { kind: 'start' },
      );
      server.listen(() => undefined);
      return server;
    });
    const ask = (item: string) =>
      publish(connection, {
        subject: naming.subject(`zoho.observe.${item}`),
        headers: {},
        data: Buffer.alloc(0),
      });
    const takeTurn = (index: number) => {
      const turn = turns[index];
      if (turn) started[index]?.({ until: turn.signal });
    };
    try {
      await eventually(() => expect(started).toHaveLength(2));
      await ask('pen');
      takeTurn(0);
      await eventually(() => expect(handled).toEqual(['first']));
      turns[0]?.abort();
      takeTurn(1);
      await ask('ink');
      await ask('cup');
      await eventually(() => expect(handled).toEqual(['first', 'second', 'second']));
    } finally {
      for (const resolve of started) resolve({ until: AbortSignal.abort() });
      await Promise.all(servers.map((server) => server.close()));
      const { streams } = await connection.manager();
      for (const name of streamNames) await streams.delete(naming.stream(name));
      await connection.close();
    }
  });
});
