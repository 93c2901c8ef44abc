import { type Naming, streamNames } from '@tallystream/contracts';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { type JetStreamConnection, openConnection } from './connection';
import { provisionStreams } from './provision';
import { publishBatch } from './publish';
import { type StreamBatch, streamBatches } from './stream-batches';

const quiet = { info: () => undefined, warn: () => undefined };
const MAX_BATCH = 10;
const MESSAGES = 400;

describe('reading a stream once', () => {
  let connection: JetStreamConnection;
  let naming: Naming;
  let ending: AbortController;
  let reading: AsyncGenerator<StreamBatch>;

  beforeAll(async () => {
    connection = openConnection({ url: testServers().natsUrl, name: 'stream-batches.int.spec' }, quiet);
    await connection.ready();
  });
  beforeEach(async () => {
    naming = freshNaming();
    await provisionStreams(connection, naming);
    const message = { subject: naming.subject('stock.x.y'), headers: {}, data: Buffer.from('1') };
    await publishBatch(
      connection,
      Array.from({ length: MESSAGES }, () => message),
    );
    ending = new AbortController();
    reading = streamBatches({
      connection,
      stream: naming.stream('STOCK'),
      subject: naming.subject('stock.>'),
      after: 0,
      maxBatch: MAX_BATCH,
      signal: ending.signal,
    });
  });
  afterEach(async () => {
    ending.abort();
    await reading.return(undefined);
    const { streams } = await connection.manager();
    for (const name of streamNames) await streams.delete(naming.stream(name));
  });
  afterAll(() => connection.close());

  const consumerInfo = async () => {
    const { consumers } = await connection.manager();
    const [info] = await consumers.list(naming.stream('STOCK')).next();
    return info;
  };

  it('hands out everything, in order', async () => {
    const seen: number[] = [];
    for await (const { messages } of reading) {
      seen.push(...messages.map(({ seq }) => seq));
      if (seen.length === MESSAGES) break;
    }
    expect(seen).toEqual(Array.from({ length: MESSAGES }, (_, n) => n + 1));
  });

  it('is sent no more than a few batches ahead of a reader that takes its time', async () => {
    await reading.next();
    await eventually(async () => expect((await consumerInfo())?.num_ack_pending).toBe(MAX_BATCH * 4));
    expect((await consumerInfo())?.num_pending).toBe(MESSAGES - MAX_BATCH * 4);
  });
});
