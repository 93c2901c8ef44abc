import { namingFor } from '@tallystream/contracts';
import { NatsUnavailable, openConnection, provisionStreams } from '@tallystream/jetstream';
import { eventually } from '@tallystream/testing';
import { removeData, startNats, temporaryData } from './servers';

jest.setTimeout(60_000);

const quiet = { info: () => undefined, warn: () => undefined };

describe('while NATS is away', () => {
  const dataDir = temporaryData();
  afterAll(() => removeData(dataDir));

  it('streams that cannot be compared are compared later: nothing about them is wrong', async () => {
    const nats = await startNats({ dataDir });
    const connection = openConnection({ url: nats.url, name: 'nats-away.int.spec' }, quiet);
    await connection.ready();
    await provisionStreams(connection, namingFor('away'));
    await nats.stop();
    // The client dials again, and knows nothing of the server until it answers.
    await eventually(async () => expect((await connection.ready()).info).toBeUndefined());
    await expect(provisionStreams(connection, namingFor('away'))).rejects.toThrow(NatsUnavailable);
    await connection.close();
  });
});
