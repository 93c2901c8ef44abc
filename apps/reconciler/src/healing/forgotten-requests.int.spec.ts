import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { itemIdSchema, namingFor } from '@tallystream/contracts';
import {
  backlog,
  type JetStreamConnection,
  JetStreamServer,
  openConnection,
  provisionStreams,
} from '@tallystream/jetstream';
import { openRequests, requestObservations } from '@tallystream/ledger';
import { eventually } from '@tallystream/testing';
import { removeData, startNats, temporaryData } from '../../../../deploy/local/servers';
import { ForgottenRequests } from './forgotten-requests';

const quiet = { info: () => undefined, warn: () => undefined };
const naming = namingFor('tally');
const pen = itemIdSchema.parse('pen');
const consumer = {
  name: 'observer',
  stream: 'ZOHO_OBSERVE',
  filter: 'zoho.observe.>',
  concurrency: 1,
} as const;

/** A server of its own: it is given back the queue of before, as if it had been killed before it was written. */
describe('a request that was acknowledged, and is still in the queue when NATS comes back', () => {
  const dataDir = temporaryData();
  const queue = path.join(
    dataDir,
    'nats',
    'jetstream',
    '$G',
    'streams',
    naming.stream('ZOHO_OBSERVE'),
    'msgs',
  );
  const kept = path.join(dataDir, 'kept');
  let nats: Awaited<ReturnType<typeof startNats>>;
  let connection: JetStreamConnection;
  let looked: string[];

  const connect = async () => {
    nats = await startNats({ dataDir, quiet: true });
    connection = openConnection({ url: nats.url, name: 'forgotten-requests.int.spec' }, quiet);
    await connection.ready();
  };
  const disconnect = async () => {
    await connection.close();
    await nats.stop();
  };
  const serve = () => {
    const fatal = (error: unknown) => fail(error);
    const server = new JetStreamServer({ connection, naming, fatal });
    const look = async (message: { subject: string }) => void looked.push(message.subject);
    server.addHandler('observer', look, false, { kind: 'message', consumer });
    server.listen(() => undefined);
    return server;
  };
  const waits = async () => (await openRequests(connection, naming, [pen])).has(pen);
  const handled = () =>
    eventually(async () => {
      expect((await backlog(connection, naming, 'ZOHO_OBSERVE', 'observer'))?.acknowledged).toBeGreaterThan(
        0,
      );
      expect(await waits()).toBe(false);
    });

  beforeAll(async () => {
    looked = [];
    await connect();
    await provisionStreams(connection, naming);
    await requestObservations(connection, naming, [pen], { because: 'test', delayMs: 0, inDoubt: true });
    await disconnect();
    cpSync(queue, kept, { recursive: true });
    await connect();
    const server = serve();
    await handled();
    await server.close();
    await disconnect();
    rmSync(queue, { recursive: true });
    cpSync(kept, queue, { recursive: true });
    await connect();
  });
  afterAll(async () => {
    await disconnect();
    removeData(dataDir);
  });

  it('is asked for again, and leaves the queue when the item has been looked at', async () => {
    expect(await waits()).toBe(true);
    const requests = new ForgottenRequests(connection, naming);
    const server = serve();
    try {
      expect(looked).toHaveLength(1);
      expect(await requests.askAgain()).toBe(1);
      await handled();
      expect(looked).toEqual([naming.observeDoubtSubject(pen), naming.observeDoubtSubject(pen)]);
      expect(await requests.askAgain()).toBe(0);
    } finally {
      await server.close();
    }
  });
});
