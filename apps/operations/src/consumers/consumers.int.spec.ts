import { Logger } from '@nestjs/common';
import { instantFrom, type Naming, streamNames, streamSeq } from '@tallystream/contracts';
import { JetStreamServer, provisionStreams, publish } from '@tallystream/jetstream';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { type Operations, startOperations } from '../spec/operations-app';

type Listed = Readonly<{ items: readonly Readonly<Record<string, unknown>>[] }>;

const HOUR_MS = 3_600_000;

describe('consumers and projections', () => {
  let naming: Naming;
  let operations: Operations;
  let server: JetStreamServer;
  let failure: Error | undefined;

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(async () => {
    naming = freshNaming();
    failure = undefined;
    operations = await startOperations(testServers(), naming.namespace);
    await provisionStreams(operations.connection, naming);
    server = await serve();
  });
  afterEach(async () => {
    await server.close();
    const { streams } = await operations.connection.manager();
    for (const name of streamNames) await streams.delete(naming.stream(name));
    await operations.close();
  });

  /** Another process: it handles webhooks, and fills a store that stands at 0. */
  const serve = async () => {
    const { connection } = operations;
    const other = new JetStreamServer({
      connection,
      naming,
      process: 'ingress@there:7',
      fatal: (error) => fail(error),
    });
    const filter = 'zoho.inbox.>';
    other.addHandler(
      'translator',
      async () => {
        if (failure) throw failure;
      },
      false,
      { kind: 'message', consumer: { name: 'translator', stream: 'ZOHO_INBOX', filter, concurrency: 4 } },
    );
    other.addHandler('balances', async () => undefined, false, {
      kind: 'batch',
      consumer: { name: 'balances', stream: 'ZOHO_INBOX', filter, maxBatch: 10 },
    });
    other.addHandler('balances:start', async () => ({ after: streamSeq(0) }), false, { kind: 'start' });
    other.listen(() => undefined);
    await eventually(async () => expect((await list('consumers')).map(({ name }) => name)).toHaveLength(2));
    return other;
  };
  const list = async (what: 'consumers' | 'projections') => (await operations.ask<Listed>(what)).body.items;
  const translator = async () => (await list('consumers')).find(({ name }) => name === 'translator');
  const send = () =>
    publish(operations.connection, {
      subject: naming.inboxSubject('invoice', 'created'),
      headers: {},
      data: Buffer.from('{}'),
    });
  const inHours = (hours: number) => instantFrom(Date.now() + hours * HOUR_MS);
  const act = (path: string, body: object = {}) =>
    operations.ask<{ errors?: { path: string; message: string }[] }>(`consumers/${path}`, { body });

  it.each([
    ['translator/pause', {}, 'until'],
    ['translator/pause', { until: 'tomorrow' }, 'until'],
    ['translator/pause', { until: '2020-01-01T00:00:00Z' }, 'until'],
    ['translator/pause', { until: '2999-01-01T00:00:00Z' }, 'until'],
    ['translator/pause', { until: '2999-01-01T00:00:00Z', for: 1 }, 'for'],
    ['trans.lator/resume', {}, 'name'],
  ])('POST %s %j is refused, and names %s', async (path, body, field) => {
    const answer = await act(path, body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors?.map(({ path: at }) => at)).toContain(field);
  });

  it('one that does not exist is neither paused nor resumed', async () => {
    expect((await act('nobody/pause', { until: inHours(1) })).status).toBe(404);
    expect((await act('nobody/resume')).status).toBe(404);
  });

  it('are listed with who runs them, and how fast', async () => {
    for (let n = 0; n < 3; n += 1) await send();
    await eventually(async () => {
      const [balances, messages] = await list('consumers');
      expect(balances).toMatchObject({ name: 'balances', kind: 'batch', state: 'running', lag: 0 });
      expect(messages).toMatchObject({
        name: 'translator',
        stream: 'ZOHO_INBOX',
        filter: 'zoho.inbox.>',
        kind: 'message',
        state: 'running',
        lag: 0,
        lastError: null,
        pausedUntil: null,
        processes: ['ingress@there:7'],
      });
      expect(messages?.rate).toBeGreaterThan(0);
    });
  });

  it('tell their last error, and what came back', async () => {
    failure = new Error('الخادم لا يجيب');
    await send();
    await eventually(async () =>
      expect(await translator()).toMatchObject({
        state: 'failing',
        lastError: 'الخادم لا يجيب',
        lag: 1,
        inHand: 1,
      }),
    );
    await eventually(async () => expect(await translator()).toMatchObject({ redelivered: 1 }));
    failure = undefined;
    await eventually(async () => expect(await translator()).toMatchObject({ state: 'running', lag: 0 }));
  });

  it('are absent when no process has them', async () => {
    await server.close();
    await send();
    await eventually(async () =>
      expect(await translator()).toMatchObject({ state: 'absent', lag: 1, processes: [] }),
    );
  });

  it('are paused until a moment, and resumed', async () => {
    const until = inHours(1);
    const paused = await act('translator/pause', { until });
    expect(paused).toMatchObject({ status: 200, body: { pausedUntil: until, state: 'waiting' } });
    await send();
    await eventually(async () => expect(await translator()).toMatchObject({ lag: 1, pausedUntil: until }));
    expect(await act('translator/resume')).toMatchObject({ status: 200, body: { pausedUntil: null } });
    await eventually(async () => expect(await translator()).toMatchObject({ lag: 0, state: 'running' }));
    expect(await act('translator/resume')).toMatchObject({ status: 200, body: { pausedUntil: null } });
  });

  it('that fill a store are projections: how far, how late, and by whom', async () => {
    await send();
    await send();
    await eventually(async () => {
      const projections = await list('projections');
      expect(projections).toEqual([
        {
          name: 'balances',
          store: 'postgres',
          version: 1,
          stream: 'ZOHO_INBOX',
          filter: 'zoho.inbox.>',
          // Nothing was ever written to its store: the handler of this test only says so.
          checkpoint: null,
          lagEvents: 0,
          lagSeconds: 0,
          rate: expect.any(Number),
          owner: 'ingress@there:7',
          parked: 0,
          trouble: null,
        },
      ]);
    });
  });
});
