import { freshNaming, testServers } from '@tallystream/testing';
import {
  type JetStreamConnection,
  NatsUnavailable,
  openConnection,
  provisionStreams,
  publish,
} from './index';

const PATIENT_MS = 40_000;
const quiet = { info: () => undefined, warn: () => undefined };

jest.setTimeout(60_000);

describe('publishing', () => {
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
  });

  it('says that the store is unavailable when nobody comes', async () => {
    const message = { subject: freshNaming().subject('stock.changed'), headers: {}, data: Buffer.from('1') };
    await expect(publish(connection, message)).rejects.toThrow(NatsUnavailable);
  });
});
