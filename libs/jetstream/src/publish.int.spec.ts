import { type Naming, streamNames } from '@tallystream/contracts';
import { freshNaming, testServers } from '@tallystream/testing';
import { type JetStreamConnection, openConnection } from './connection';
import { NatsUnavailable } from './errors';
import { provisionStreams } from './provision';
import { MAX_BATCH, type OutgoingMessage, publish, publishBatch } from './publish';
import { lastSequence } from './read';

const PATIENT_MS = 40_000;
const quiet = { info: () => undefined, warn: () => undefined };

describe('a batch', () => {
  let connection: JetStreamConnection;
  let naming: Naming;

  beforeAll(async () => {
    connection = openConnection({ url: testServers().natsUrl, name: 'publish.int.spec' }, quiet);
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

  function* messages(count: number): Generator<OutgoingMessage> {
    for (let n = 0; n < count; n += 1)
      yield { subject: naming.subject(`stock.x.${n}`), headers: {}, data: Buffer.from(String(n)) };
  }

  it.each([1, 2, MAX_BATCH])('of %i messages lies in the stream as a whole', async (count) => {
    expect(await publishBatch(connection, messages(count))).toBe(count);
    expect(await lastSequence(connection, naming.stream('STOCK'))).toBe(count);
  });

  it.each([
    ['of none', () => messages(0), 'a message at least'],
    ['of too many', () => messages(MAX_BATCH + 1), `${MAX_BATCH} messages at most`],
    ['that breaks off', () => breakingOff(messages(3)), 'broken off'],
  ])('%s leaves nothing, and the next one lies in the stream', async (_what, tried, why) => {
    await expect(publishBatch(connection, tried())).rejects.toThrow(why);
    expect(await publishBatch(connection, messages(2))).toBe(2);
    expect(await lastSequence(connection, naming.stream('STOCK'))).toBe(2);
  });
});

describe('a message', () => {
  let connection: JetStreamConnection;

  beforeAll(async () => {
    connection = openConnection({ url: testServers().natsUrl, name: 'publish.int.spec' }, quiet);
    await connection.ready();
  });
  afterAll(() => connection.close());

  it('waits a moment for a stream that nobody leads yet', async () => {
    const naming = freshNaming();
    const message = {
      subject: naming.subject('zoho.inbox.item.updated'),
      headers: {},
      data: Buffer.from('1'),
    };
    const published = publish(connection, message, { timeoutMs: PATIENT_MS });
    await provisionStreams(connection, naming);
    expect(await published).toEqual({ seq: 1, duplicate: false });
    const { streams } = await connection.manager();
    for (const name of streamNames) await streams.delete(naming.stream(name));
  });

  it('says that the store is unavailable when nobody comes', async () => {
    const message = { subject: freshNaming().subject('stock.changed'), headers: {}, data: Buffer.from('1') };
    await expect(publish(connection, message)).rejects.toThrow(NatsUnavailable);
  });
});

function* breakingOff(messages: Iterable<OutgoingMessage>): Generator<OutgoingMessage> {
  yield* messages;
  throw new Error('broken off');
}
