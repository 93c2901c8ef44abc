import { instantFrom, type Naming, streamNames } from '@tallystream/contracts';
import { freshNaming, testServers } from '@tallystream/testing';
import { type JetStreamConnection, openConnection } from './connection';
import { NatsUnavailable } from './errors';
import { provisionStreams } from './provision';
import { BEHIND, EXPECTED, publish, publishBatch } from './publish';
import { lastMessage, lastSequence, messagesBack, messagesSince } from './read';

const quiet = { info: () => undefined, warn: () => undefined };

describe('the messages of a subject, backwards', () => {
  let connection: JetStreamConnection;
  let naming: Naming;

  beforeAll(async () => {
    naming = freshNaming();
    connection = openConnection({ url: testServers().natsUrl, name: 'messages-back.int.spec' }, quiet);
    await connection.ready();
    await provisionStreams(connection, naming);
  });
  afterAll(async () => {
    const { streams } = await connection.manager();
    for (const name of streamNames) await streams.delete(naming.stream(name));
    await connection.close();
  });

  const subjectOf = (item: string) => naming.subject(`stock.x.${item}`);
  const message = (item: string, text: string, expectedSubjectSeq?: number) => ({
    subject: subjectOf(item),
    headers: {},
    data: Buffer.from(text),
    ...(expectedSubjectSeq === undefined ? {} : { expectedSubjectSeq }),
  });
  const newest = async (item: string) =>
    (await lastMessage(connection, naming.stream('STOCK'), subjectOf(item)))?.seq ?? 0;
  const back = async (item: string, from?: number) => {
    const texts: string[] = [];
    const seq = from ?? (await newest(item));
    for await (const { data } of messagesBack(connection, naming.stream('STOCK'), {
      subject: subjectOf(item),
      from: seq,
    }))
      texts.push(Buffer.from(data).toString());
    return texts;
  };

  /** Of each of `a`: its sequence, and where it says that the one before it lies. */
  const places = async () =>
    (await messagesSince(connection, naming.stream('STOCK'), subjectOf('a'), instantFrom(0))).map(
      ({ seq, header }) => [seq, header(EXPECTED), header(BEHIND)],
    );

  it('are all of them, of batches in which others lie between, and each alone', async () => {
    const other = (n: number) => message(`other-${n}`, 'other');
    await publish(connection, message('a', 'first', 0));
    await publishBatch(connection, [
      other(1),
      message('a', 'second', await newest('a')),
      other(2),
      other(3),
      message('a', 'third'),
      message('a', 'fourth'),
      other(4),
    ]);
    await publishBatch(connection, [message('a', 'fifth', await newest('a')), message('a', 'sixth')]);
    await publish(connection, message('a', 'seventh', await newest('a')));
    expect(await back('a')).toEqual(['seventh', 'sixth', 'fifth', 'fourth', 'third', 'second', 'first']);
    expect(await back('other-3')).toEqual(['other']);
    expect(await places()).toEqual([
      [1, '0', undefined],
      [3, '1', undefined],
      [6, undefined, '3'],
      [7, undefined, '1'],
      [9, '7', undefined],
      [10, undefined, '1'],
      [11, '10', undefined],
    ]);
    expect(await back('none')).toEqual([]);
  });

  it('are all of them where some do not say what was before them', async () => {
    await publish(connection, message('old', 'first'));
    await publish(connection, message('old', 'second'));
    await publish(connection, message('old', 'third', await newest('old')));
    expect(await back('old')).toEqual(['third', 'second', 'first']);
  });

  it('are all of them, however many', async () => {
    await publish(connection, message('many', '0', 0));
    for (let n = 1; n < 450; n += 50) {
      const expected = await newest('many');
      await publishBatch(
        connection,
        Array.from({ length: 50 }, (_, place) =>
          message('many', String(n + place), place === 0 ? expected : undefined),
        ),
      );
    }
    expect(await back('many')).toEqual(Array.from({ length: 451 }, (_, n) => String(450 - n)));
  });

  it('are not known from a message on that is not there, or is of another subject', async () => {
    const end = await lastSequence(connection, naming.stream('STOCK'));
    await expect(back('old', end + 1)).rejects.toThrow(NatsUnavailable);
    await expect(back('a', await newest('old'))).rejects.toThrow(NatsUnavailable);
  });
});
