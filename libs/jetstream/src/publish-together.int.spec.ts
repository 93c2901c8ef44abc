import { type Naming, streamNames } from '@tallystream/contracts';
import { freshNaming, natsOptions, testServers } from '@tallystream/testing';
import { connect } from 'nats';
import { type JetStreamConnection, openConnection } from './connection';
import { NatsUnavailable } from './errors';
import { streamReach } from './positions';
import { provisionStreams } from './provision';
import { MAX_BATCH, type OutgoingMessage } from './publish';
import { publishTogether } from './publish-together';
import { lastMessage } from './read';

const quiet = { info: () => undefined, warn: () => undefined };

describe('what many publish together', () => {
  let connection: JetStreamConnection;
  let naming: Naming;

  beforeAll(async () => {
    connection = openConnection({ url: testServers().natsUrl, name: 'publish-together.int.spec' }, quiet);
    await connection.ready();
  });
  beforeEach(async () => {
    naming = freshNaming();
    await provisionStreams(connection, naming);
  });
  afterEach(async () => {
    const { streams } = await connection.manager();
    for (const name of streamNames) await streams.delete(naming.stream(name));
  });
  afterAll(() => connection.close());

  const stream = () => naming.stream('ZOHO_OBSERVE');
  const message = (item: number, text = ''): OutgoingMessage => ({
    subject: naming.subject(`zoho.observe.${item}`),
    headers: { 'Tally-Because': text },
    data: Buffer.from(text),
  });
  const messages = (count: number, text?: string) =>
    Array.from({ length: count }, (_, item) => message(item, text));
  const newestOf = async (item: number) =>
    (await lastMessage(connection, stream(), message(item).subject))?.header('Tally-Because');

  it('lies in the stream when each is told so', async () => {
    await Promise.all(
      Array.from({ length: 300 }, (_, item) => publishTogether(connection, stream(), [message(item, 'a')])),
    );
    expect((await streamReach(connection, stream())).messages).toBe(300);
  });

  it('goes in few batches', async () => {
    const spy = await connect(natsOptions(testServers().natsUrl));
    let commits = 0;
    spy.subscribe(naming.subject('zoho.observe.>'), {
      callback: (_error, { headers }) => {
        if (headers?.has('Nats-Batch-Commit') || !headers?.has('Nats-Batch-Id')) commits += 1;
      },
    });
    await spy.flush();
    await Promise.all(
      Array.from({ length: 300 }, (_, item) => publishTogether(connection, stream(), [message(item)])),
    );
    await spy.drain();
    // The first, and those that came while it was on its way.
    expect(commits).toBe(2);
  });

  it('of one subject is the newest', async () => {
    await Promise.all(
      Array.from({ length: 50 }, (_, n) => publishTogether(connection, stream(), [message(1, `${n}`)])),
    );
    expect(await newestOf(1)).toBe('49');
    await publishTogether(connection, stream(), [message(1, 'a'), message(2, 'b'), message(1, 'c')]);
    expect(await Promise.all([newestOf(1), newestOf(2)])).toEqual(['c', 'b']);
  });

  it('may be none, or more than a batch holds', async () => {
    await publishTogether(connection, stream(), []);
    await Promise.all([
      publishTogether(connection, stream(), messages(2 * MAX_BATCH + 1, 'many')),
      publishTogether(connection, stream(), [message(5_000, 'one')]),
    ]);
    expect((await streamReach(connection, stream())).messages).toBe(2 * MAX_BATCH + 2);
  });

  it('is there in spite of one that the server refuses', async () => {
    const large = { ...message(7), data: Buffer.alloc(200) };
    const { streams } = await connection.manager();
    await streams.update(stream(), { max_msg_size: 100 });
    const first = publishTogether(connection, stream(), [message(1, 'first')]);
    const results = await Promise.allSettled([
      first,
      publishTogether(connection, stream(), [message(2, 'second')]),
      publishTogether(connection, stream(), [large]),
      publishTogether(connection, stream(), [message(3, 'third')]),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(await Promise.all([1, 2, 7, 3].map(newestOf))).toEqual(['first', 'second', undefined, 'third']);
  });

  it('is not stored when nobody holds the stream, each is told so, and the next is none the worse', async () => {
    const { streams } = await connection.manager();
    await streams.delete(stream());
    const tried = await Promise.allSettled(
      messages(3).map((one) => publishTogether(connection, stream(), [one])),
    );
    expect(tried.map((one) => one.status === 'rejected' && one.reason instanceof NatsUnavailable)).toEqual([
      true,
      true,
      true,
    ]);
    await provisionStreams(connection, naming);
    await publishTogether(connection, stream(), messages(3));
    expect((await streamReach(connection, stream())).messages).toBe(3);
  });
});
