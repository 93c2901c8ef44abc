import { type Naming, streamNames } from '@tallystream/contracts';
import { freshNaming, testServers } from '@tallystream/testing';
import { type JetStreamConnection, openConnection } from './connection';
import { lastMessagesNow } from './last-messages-now';
import { provisionStreams } from './provision';
import { MAX_BATCH, publish, publishBatch } from './publish';

const quiet = { info: () => undefined, warn: () => undefined };

describe('the newest message of each of many subjects', () => {
  let connection: JetStreamConnection;
  let naming: Naming;

  beforeAll(async () => {
    naming = freshNaming();
    connection = openConnection({ url: testServers().natsUrl, name: 'last-messages-now.int.spec' }, quiet);
    await connection.ready();
    await provisionStreams(connection, naming);
  });
  afterAll(async () => {
    const { streams } = await connection.manager();
    for (const name of streamNames) await streams.delete(naming.stream(name));
    await connection.close();
  });

  const subjectOf = (item: string | number) => naming.subject(`stock.x.${item}`);
  const message = (item: string | number, text: string) => ({
    subject: subjectOf(item),
    headers: {},
    data: Buffer.from(text),
  });
  const newest = async (items: readonly (string | number)[]) => {
    const found = await lastMessagesNow(connection, naming.stream('STOCK'), items.map(subjectOf));
    return new Map(found.map(({ subject, data }) => [subject, Buffer.from(data).toString()]));
  };

  it('is none of an empty stream', async () => {
    expect((await newest([])).size).toBe(0);
    expect((await newest(['a', 'b', 'c'])).size).toBe(0);
  });

  it.each([
    ['few', ['a']],
    ['many', ['a', 'b', 'c', 'none']],
  ])('is the one written last, of %s', async (_how, items) => {
    for (let n = 1; n <= 20; n += 1) {
      await publish(connection, message('b', `b${n}`));
      await publish(connection, message('a', `a${n}`));
      expect((await newest(items)).get(subjectOf('a'))).toBe(`a${n}`);
    }
  });

  it('is there for more subjects than nats-server answers at once', async () => {
    const items = Array.from({ length: 2_500 }, (_, n) => n);
    for (let from = 0; from < items.length; from += MAX_BATCH)
      await publishBatch(
        connection,
        items.slice(from, from + MAX_BATCH).map((n) => message(n, `text ${n}`)),
      );
    const found = await newest(items);
    expect(found.size).toBe(items.length);
    expect(found.get(subjectOf(2_499))).toBe('text 2499');
  });
});
