import { Logger } from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { type ConsumerConfig, nanos, type StreamConfig } from 'nats';
import { type JetStreamConnection, openConnection } from '../connection';
import { provisionStreams } from '../provision';
import { publish } from '../publish';
import type { StreamMessage } from '../stream-message';
import { JetStreamServer } from './jetstream-server';

jest.setTimeout(30_000);

const quiet = { info: () => undefined, warn: () => undefined };
const COMPARE_EVERY_MS = 50;

/** The server's own words need the client's types widened. */
type Settings = Partial<StreamConfig> & Readonly<{ allow_atomic?: boolean }>;

describe('what somebody did to the streams by hand, while the process works', () => {
  let connection: JetStreamConnection;
  let naming: Naming;
  let server: JetStreamServer;
  let single: number[];
  let inOrder: number[];
  let ended: Error[];

  beforeAll(async () => {
    Logger.overrideLogger(false);
    connection = openConnection(
      { url: testServers().natsUrl, name: 'restore-configuration.int.spec' },
      quiet,
    );
    await connection.ready();
  });
  beforeEach(async () => {
    naming = freshNaming();
    single = [];
    inOrder = [];
    ended = [];
    server = new JetStreamServer({
      connection,
      naming,
      compareEveryMs: COMPARE_EVERY_MS,
      fatal: (error) => void ended.push(error),
    });
    server.addHandler('single', async ({ seq }: StreamMessage) => void single.push(seq), false, {
      kind: 'message',
      consumer: { name: 'single', stream: 'ZOHO_INBOX', filter: 'zoho.inbox.>', concurrency: 4 },
    });
    const batch = { name: 'in-order', stream: 'ZOHO_INBOX', filter: 'zoho.inbox.>', maxBatch: 10 };
    const project = async (messages: readonly StreamMessage[]) =>
      void inOrder.push(...messages.map(({ seq }) => seq));
    server.addHandler('in-order', project, false, { kind: 'batch', consumer: batch });
    server.addHandler('in-order:start', async () => ({ after: inOrder.at(-1) ?? 0 }), false, {
      kind: 'start',
    });
    server.listen(() => undefined);
    await send(3);
    await bothHandled(3);
  });
  afterEach(() => server.close());
  afterAll(() => connection.close());

  const stream = () => naming.stream('ZOHO_INBOX');
  const send = async (count: number) => {
    for (let n = 0; n < count; n += 1)
      await eventually(() =>
        publish(connection, {
          subject: naming.inboxSubject('invoices', 'created'),
          headers: {},
          data: Buffer.from('{}'),
        }),
      );
  };
  const bothHandled = (upTo: number) =>
    eventually(() => {
      const all = Array.from({ length: upTo }, (_, n) => n + 1);
      expect([...new Set(single)].sort((a, b) => a - b)).toEqual(all);
      expect(inOrder).toEqual(all);
    });
  const streamIs = async (settings: Settings, name = stream()) =>
    eventually(async () =>
      expect((await (await connection.manager()).streams.info(name)).config).toMatchObject(settings),
    );

  it('a limit of age on the ledger goes again', async () => {
    const { streams } = await connection.manager();
    await streams.update(naming.stream('STOCK'), { max_age: nanos(3_600_000) });
    await streamIs({ max_age: 0 }, naming.stream('STOCK'));
    expect(ended).toEqual([]);
  });

  it.each(['single', 'in-order'])(
    'the consumer "%s" that was deleted is made again, and nothing is left out',
    async (name) => {
      const { consumers } = await connection.manager();
      await consumers.delete(stream(), naming.consumer(name));
      await send(2);
      await bothHandled(5);
    },
  );

  it.each<{ name: string; how: string; altered: Partial<ConsumerConfig> }>([
    { name: 'single', how: 'looks elsewhere', altered: { filter_subject: 'zoho.inbox.bills.>' } },
    { name: 'in-order', how: 'looks elsewhere', altered: { filter_subject: 'zoho.inbox.bills.>' } },
    { name: 'in-order', how: 'hands out one at a time', altered: { max_ack_pending: 1 } },
  ])('the consumer "$name" that $how is put right, and nothing is left out', async ({ name, altered }) => {
    const { consumers } = await connection.manager();
    const filter = altered.filter_subject;
    await consumers.update(stream(), naming.consumer(name), {
      ...altered,
      ...(filter ? { filter_subject: naming.subject(filter) } : {}),
    });
    await send(2);
    await bothHandled(5);
    await eventually(async () => {
      const { config } = await consumers.info(stream(), naming.consumer(name));
      expect(config.filter_subject).toBe(naming.subject('zoho.inbox.>'));
      expect(config.max_ack_pending).toBeGreaterThan(1);
    });
  });

  it('a stream that was deleted is made again, and taken from', async () => {
    await (await connection.manager()).streams.delete(stream());
    await streamIs({ max_age: nanos(90 * 24 * 3_600_000) });
    const before = single.length;
    await send(1);
    await eventually(() => expect(single.length).toBeGreaterThan(before));
    expect(ended).toEqual([]);
  });

  it('a ledger that was deleted ends the process: nobody writes a new book beside the old webhooks', async () => {
    await (await connection.manager()).streams.delete(naming.stream('STOCK'));
    await eventually(() => expect(ended.length).toBeGreaterThan(0));
    expect(ended[0]?.message).toBe(
      `stream ${naming.stream('STOCK')} cannot be set up: it is gone, while ${stream()} is there: restore a backup, or delete the other streams to begin anew`,
    );
    await expect(provisionStreams(connection, naming)).rejects.toThrow('it is gone');
  });

  it('what cannot be put right without losing something ends the process, with the difference', async () => {
    const { streams } = await connection.manager();
    await streams.update(stream(), { max_age: 0 });
    await eventually(() => expect(ended.length).toBeGreaterThan(0));
    expect(ended[0]?.message).toBe(
      `stream ${stream()} cannot be set up: it is not as it should be, and changing that could take messages away: max_age is 0, wanted 7776000000000000`,
    );
  });
});
