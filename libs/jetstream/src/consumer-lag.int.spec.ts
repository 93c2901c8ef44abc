import { Logger } from '@nestjs/common';
import { instantFrom, type Naming, RECEIVED_AT, streamSeq } from '@tallystream/contracts';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { register } from 'prom-client';
import { type JetStreamConnection, openConnection } from './connection';
import { consumerLags } from './consumer-lag';
import { watchLags } from './lag-metrics';
import { provisionStreams } from './provision';
import { publish } from './publish';
import type { StreamMessage } from './stream-message';
import { type BatchConsumer, startPattern } from './transport/handlers';
import { JetStreamServer } from './transport/jetstream-server';

const quiet = { info: () => undefined, warn: () => undefined };
const projection: BatchConsumer = {
  name: 'projection',
  stream: 'ZOHO_INBOX',
  filter: 'zoho.inbox.>',
  maxBatch: 10,
  store: 'audit',
};
const named = { ZOHO_INBOX: ['projection'], STOCK: ['nobody'] };

describe('how far consumers are behind', () => {
  let connection: JetStreamConnection;
  let naming: Naming;
  let checkpoint: number;
  let servers: JetStreamServer[];

  beforeAll(async () => {
    Logger.overrideLogger(false);
    connection = openConnection({ url: testServers().natsUrl, name: 'consumer-lag.int.spec' }, quiet);
    await connection.ready();
  });
  beforeEach(async () => {
    naming = freshNaming();
    checkpoint = 0;
    servers = [];
    await provisionStreams(connection, naming);
    register.resetMetrics();
  });
  afterEach(() => Promise.all(servers.map((server) => server.close())));
  afterAll(() => connection.close());

  const serve = (handle: (messages: readonly StreamMessage[]) => Promise<void>) => {
    const server = new JetStreamServer({ connection, naming, fatal: (error) => fail(error) });
    server.addHandler('projection', handle, false, { kind: 'batch', consumer: projection });
    const start = async () => ({ after: streamSeq(checkpoint) });
    server.addHandler(startPattern('projection'), start, false, { kind: 'start' });
    server.listen(() => undefined);
    servers.push(server);
    return server;
  };
  const apply = async (messages: readonly StreamMessage[]) => {
    checkpoint = messages.at(-1)?.seq ?? checkpoint;
  };
  const send = (headers: Readonly<Record<string, string>> = {}) =>
    publish(connection, {
      subject: naming.inboxSubject('invoice', 'created'),
      headers,
      data: Buffer.from('{}'),
    });
  const applied = (seq: number) => eventually(() => expect(checkpoint).toBe(seq));
  const lag = async () => (await consumerLags(connection, naming, named))[0];
  const shown = async (metric: string, labels: object) =>
    (await register.getSingleMetric(metric)?.get())?.values.find(
      (one) => JSON.stringify(one.labels) === JSON.stringify(labels),
    )?.value;

  it('is told while a consumer stands still, and when its process is gone', async () => {
    const server = serve(apply);
    await send();
    await applied(1);
    await eventually(async () =>
      expect(await lag()).toEqual({
        name: 'projection',
        stream: 'ZOHO_INBOX',
        kind: 'projection',
        events: 0,
      }),
    );
    await server.close();
    const { seq } = await send();
    await send();
    const oldest = (await lag())?.oldest;
    expect(await lag()).toMatchObject({ events: 2 });
    expect(seq).toBe(2);
    expect(Date.now() - Date.parse(oldest ?? '')).toBeLessThan(60_000);

    const stop = watchLags(connection, naming, named);
    const labels = { projection: 'projection' };
    expect(await shown('tally_projection_lag_events', labels)).toBe(2);
    expect(await shown('tally_projection_lag_seconds', labels)).toBeGreaterThan(0);
    stop();
  });

  it('counts what was given out and not applied', async () => {
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    serve(() => finished);
    await eventually(async () => expect(await lag()).toBeDefined());
    await send();
    await eventually(async () => expect(await lag()).toMatchObject({ events: 1 }));
    expect((await lag())?.oldest).toBeDefined();
    finish();
  });

  it('counts what was handled, and what failed', async () => {
    let failures = 2;
    serve(async (messages) => {
      if (failures-- > 0) throw new Error('the store is away');
      await apply(messages);
    });
    await send();
    await applied(1);
    const labels = { consumer: 'projection' };
    await eventually(async () => expect(await shown('tally_consumer_handled_total', labels)).toBe(1));
    expect(await shown('tally_consumer_failed_total', labels)).toBe(2);
  });

  it('times what a webhook caused, but not what an empty store is given again', async () => {
    const received = { [RECEIVED_AT]: instantFrom(Date.now() - 7_000) };
    await send(received);
    serve(apply);
    await applied(1);
    await send(received);
    await send();
    await applied(3);
    const timed = await register.getSingleMetric('tally_end_to_end_seconds')?.get();
    const [count, sum] = ['count', 'sum'].map((part) =>
      timed?.values.find((value) => 'metricName' in value && String(value.metricName).endsWith(`_${part}`)),
    );
    expect(count).toMatchObject({ labels: { store: 'audit' }, value: 1 });
    expect(sum?.value).toBeGreaterThanOrEqual(7);
  });
});
