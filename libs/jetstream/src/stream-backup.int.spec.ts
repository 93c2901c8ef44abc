import { buffer } from 'node:stream/consumers';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import {
  type JetStreamConnection,
  JetStreamRefused,
  openConnection,
  provisionStreams,
  publish,
  restoreStream,
  type SavedStream,
  saveStream,
} from './index';

jest.setTimeout(60_000);

const quiet = { info: () => undefined, warn: () => undefined };
const naming = freshNaming();
const stream = naming.stream('ZOHO_INBOX');
const subject = naming.inboxSubject('invoices', 'created');

describe('a stream that is saved and taken back', () => {
  let connection: JetStreamConnection;

  beforeAll(async () => {
    connection = openConnection({ url: testServers().natsUrl, name: 'stream-backup.int.spec' }, quiet);
    await connection.ready();
    await provisionStreams(connection, naming);
  });
  afterAll(() => connection.close());

  const put = (data: string | Buffer) =>
    publish(connection, { subject, headers: { 'x-test': 'متجر' }, data: Buffer.from(data) });
  const save = async (): Promise<{ saved: SavedStream; bytes: Buffer }> => {
    const { saved, chunks } = await saveStream(connection, stream);
    const bytes = await buffer(chunks);
    return { saved, bytes };
  };
  const content = async () => {
    const manager = await connection.manager();
    const { state } = await manager.streams.info(stream);
    const messages = [];
    for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
      const { subject, time, data, header } = await manager.streams.getMessage(stream, { seq });
      messages.push({
        seq,
        subject,
        time: time.toISOString(),
        size: data.length,
        text: header.get('x-test'),
      });
    }
    return messages;
  };
  const chunked = async function* (bytes: Buffer, size: number) {
    for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
  };

  it('has the same sequences, times, bytes and consumers', async () => {
    const manager = await connection.manager();
    await put('{"one":1}');
    await put(Buffer.alloc(8 * 1024 * 1024, 'x'));
    await put('{"three":3}');
    await manager.consumers.add(stream, { durable_name: 'reader', ack_policy: 'explicit' as never });
    const reader = await connection.current().jetstream().consumers.get(stream, 'reader');
    await (await reader.next())?.ackAck();
    const before = await content();
    expect(before.map(({ size }) => size)).toEqual([9, 8 * 1024 * 1024, 11]);

    const { saved, bytes } = await save();
    expect(saved.state).toMatchObject({ messages: 3, first_seq: 1, last_seq: 3 });
    await manager.streams.delete(stream);
    await restoreStream(connection, saved, chunked(bytes, 100_000));

    expect(await content()).toEqual(before);
    expect(await manager.consumers.info(stream, 'reader')).toMatchObject({ ack_floor: { stream_seq: 1 } });
    expect(await put('{"four":4}')).toMatchObject({ seq: 4 });
  });

  it('is not put over one that is there', async () => {
    const { saved, bytes } = await save();
    await expect(restoreStream(connection, saved, chunked(bytes, 100_000))).rejects.toThrow(JetStreamRefused);
    await eventually(async () => expect(await content()).toHaveLength(4));
  });

  it('of bytes that are not what was saved, is refused', async () => {
    const { saved, bytes } = await save();
    const manager = await connection.manager();
    await manager.streams.delete(stream);
    await expect(
      restoreStream(connection, saved, chunked(bytes.subarray(0, bytes.length / 2), 100_000)),
    ).rejects.toThrow();
  });
});
