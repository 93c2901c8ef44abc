import { Logger } from '@nestjs/common';
import { instantFrom, type Naming, streamNames, streamSeq } from '@tallystream/contracts';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { type JetStreamConnection, openConnection } from './connection';
import { durable, durables, pauseDurable, resumeDurable } from './durables';
import { provisionStreams } from './provision';
import { publish } from './publish';
import { askReports } from './reports';
import type { StreamMessage } from './stream-message';
import { startPattern } from './transport/handlers';
import { JetStreamServer } from './transport/jetstream-server';

const quiet = { info: () => undefined, warn: () => undefined };
const HOUR_MS = 3_600_000;

describe('consumers, as an operator sees them', () => {
  let connection: JetStreamConnection;
  let naming: Naming;
  let servers: JetStreamServer[];
  let handled: string[];

  beforeAll(async () => {
    Logger.overrideLogger(false);
    connection = openConnection({ url: testServers().natsUrl, name: 'durables.int.spec' }, quiet);
    await connection.ready();
  });
  beforeEach(async () => {
    naming = freshNaming();
    servers = [];
    handled = [];
    await provisionStreams(connection, naming);
  });
  afterEach(async () => {
    await Promise.all(servers.map((server) => server.close()));
    const { streams } = await connection.manager();
    for (const name of streamNames) await streams.delete(naming.stream(name));
  });
  afterAll(() => connection.close());

  const filter = 'zoho.inbox.>';
  /** A replica with one consumer that handles messages, and one that fills a store. */
  const serve = async (process: string) => {
    const server = new JetStreamServer({ connection, naming, process, fatal: (error) => fail(error) });
    const messages = { name: 'translator', stream: 'ZOHO_INBOX', filter, concurrency: 4 };
    const batches = { name: 'log', stream: 'ZOHO_INBOX', filter, maxBatch: 10 };
    let checkpoint = 0;
    server.addHandler('translator', async () => void handled.push('translator'), false, {
      kind: 'message',
      consumer: messages,
    });
    server.addHandler(
      'log',
      async (batch: readonly StreamMessage[]) => {
        checkpoint = batch.at(-1)?.seq ?? checkpoint;
        handled.push(...batch.map(() => 'log'));
      },
      false,
      { kind: 'batch', consumer: batches },
    );
    server.addHandler(startPattern('log'), async () => ({ after: streamSeq(checkpoint) }), false, {
      kind: 'start',
    });
    server.listen(() => undefined);
    servers.push(server);
    await eventually(async () =>
      expect(await durables(connection, naming)).toMatchObject([{ name: 'log' }, { name: 'translator' }]),
    );
    return server;
  };
  const send = async () => {
    await publish(connection, {
      subject: naming.inboxSubject('invoice', 'created'),
      headers: {},
      data: Buffer.from('{}'),
    });
  };
  const isHandled = (...by: readonly string[]) => eventually(() => expect([...handled].sort()).toEqual(by));
  const paused = (name: string, ms: number) =>
    pauseDurable(connection, naming, name, instantFrom(Date.now() + ms));

  it('are those of our streams, with what waits for them', async () => {
    const server = await serve('app@here:1');
    await send();
    await isHandled('log', 'translator');
    await server.close();
    await send();
    await send();
    await eventually(async () =>
      expect(await durables(connection, naming)).toEqual([
        {
          name: 'log',
          stream: 'ZOHO_INBOX',
          filter,
          kind: 'batch',
          lag: 2,
          inHand: 0,
          redelivered: 0,
          acknowledged: 1,
        },
        {
          name: 'translator',
          stream: 'ZOHO_INBOX',
          filter,
          kind: 'message',
          lag: 2,
          inHand: 0,
          redelivered: 0,
          acknowledged: 1,
        },
      ]),
    );
    expect(await durable(connection, naming, 'nobody')).toBeUndefined();
  });

  it('do not count among ours when somebody else made them', async () => {
    await serve('app@here:1');
    const { consumers } = await connection.manager();
    await consumers.add(naming.stream('ZOHO_INBOX'), { durable_name: 'by_hand', filter_subject: '>' });
    expect((await durables(connection, naming)).map(({ name }) => name)).toEqual(['log', 'translator']);
  });

  it.each(['translator', 'log'])(
    '%s gives out nothing while it is paused, and all when it is resumed',
    async (name) => {
      const other = name === 'log' ? 'translator' : 'log';
      await serve('app@here:1');
      const until = instantFrom(Date.now() + HOUR_MS);
      expect(await pauseDurable(connection, naming, name, until)).toMatchObject({ name, pausedUntil: until });
      await send();
      await isHandled(other);
      expect(await durable(connection, naming, name)).toMatchObject({ lag: 1, pausedUntil: until });
      expect(await resumeDurable(connection, naming, name)).not.toHaveProperty('pausedUntil');
      await isHandled('log', 'translator');
    },
  );

  it.each(['translator', 'log'])('%s stays paused when its replica ends and another begins', async (name) => {
    const other = name === 'log' ? 'translator' : 'log';
    const first = await serve('app@here:1');
    await paused(name, HOUR_MS);
    await first.close();
    await serve('app@here:2');
    await serve('app@there:3');
    await send();
    await eventually(() => expect(handled).toContain(other));
    expect(handled).not.toContain(name);
    expect(await durable(connection, naming, name)).toMatchObject({
      lag: 1,
      pausedUntil: expect.any(String),
    });
    await resumeDurable(connection, naming, name);
    await eventually(() => expect(handled).toContain(name));
  });

  it('that does not exist is neither paused nor resumed', async () => {
    expect(await paused('nobody', HOUR_MS)).toBeUndefined();
    expect(await resumeDurable(connection, naming, 'nobody')).toBeUndefined();
  });

  it('are reported on by every process that serves them', async () => {
    await serve('app@here:1');
    await serve('app@there:2');
    await send();
    await eventually(async () => {
      const reports = await askReports(connection, naming);
      expect(reports.map(({ process }) => process)).toEqual(['app@here:1', 'app@there:2']);
      const translators = reports.flatMap(({ consumers }) =>
        consumers.filter(({ name }) => name === 'translator'),
      );
      expect(translators.map(({ state }) => state)).toContain('running');
      expect(translators.reduce((sum, one) => sum + one.handled, 0)).toBe(1);
      expect(translators.some(({ rate }) => rate > 0)).toBe(true);
    });
  });

  it('are reported on by nobody when nobody is there', async () => {
    expect(await askReports(connection, naming)).toEqual([]);
  });
});
