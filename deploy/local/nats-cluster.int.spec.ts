import { Logger } from '@nestjs/common';
import { namingFor } from '@tallystream/contracts';
import {
  CommitConflict,
  type JetStreamConnection,
  JetStreamServer,
  lastMessage,
  lastSequence,
  NatsUnavailable,
  openConnection,
  provisionStreams,
  publish,
  publishBatch,
} from '@tallystream/jetstream';
import { eventually } from '@tallystream/testing';
import type { LocalServer } from './server-process';
import { removeData, startNatsCluster, temporaryData } from './servers';

jest.setTimeout(120_000);

const quiet = { info: () => undefined, warn: () => undefined };
/** Longer than an election takes, and shorter than the client's own patience with requests that nobody answers. */
const ELECTED_MS = 25_000;

describe('a cluster of three NATS servers', () => {
  const naming = namingFor('cluster');
  const stream = naming.stream('STOCK');
  const dataDir = temporaryData();
  let members: LocalServer[] = [];
  let connection: JetStreamConnection;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    members = await startNatsCluster({ dataDir, quiet: true });
    const url = members.map((member) => member.url).join(',');
    connection = openConnection({ url, name: 'nats-cluster.int.spec' }, quiet);
    await eventually(() => provisionStreams(connection, naming), ELECTED_MS);
  });
  afterAll(async () => {
    await connection?.close();
    await Promise.all(members.map((member) => member.stop()));
    removeData(dataDir);
  });

  const infoOf = async () => (await connection.manager()).streams.info(stream);
  const memberNamed = (name = ''): LocalServer => {
    const found = members.find((member) => member.name === name);
    if (!found) throw new Error(`no server is called ${name}`);
    return found;
  };
  /** Another than the one that we are connected to: its loss must not be noticed by ours. */
  const leaderOfReader = async (): Promise<LocalServer> => {
    const [inbox, reader] = [naming.stream('ZOHO_INBOX'), naming.consumer('reader')];
    const nats = await connection.ready();
    const { cluster } = await (await connection.manager()).consumers.info(inbox, reader);
    const leader = memberNamed(cluster?.leader);
    if (leader.name !== nats.info?.server_name) return leader;
    await nats.request(`$JS.API.CONSUMER.LEADER.STEPDOWN.${inbox}.${reader}`);
    throw new Error('it is led by the server that we are connected to');
  };
  const send = (text: string, messageId?: string) =>
    publish(
      connection,
      { subject: naming.inboxSubject('invoice', 'created'), headers: {}, data: Buffer.from(text) },
      messageId ? { messageId } : {},
    );

  it('is given more replicas of what has fewer, and keeps them when somebody asks for less', async () => {
    expect((await infoOf()).config.num_replicas).toBe(1);
    await eventually(() => provisionStreams(connection, naming, 3), ELECTED_MS);
    await eventually(async () => {
      const { config, cluster } = await infoOf();
      expect([config.num_replicas, cluster?.replicas?.filter(({ current }) => current).length]).toEqual([
        3, 2,
      ]);
    }, ELECTED_MS);
    expect(await provisionStreams(connection, naming, 1)).toEqual([]);
    expect((await infoOf()).config.num_replicas).toBe(3);
  });

  it('answers each of many who send the same at once with the place of the one that is kept', async () => {
    const sent = await Promise.all(Array.from({ length: 50 }, () => send('the same', 'one id')));
    expect(new Set(sent.map(({ seq }) => seq)).size).toBe(1);
    expect(sent.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
  });

  it('takes a batch whole or not at all while its leaders change, and says so', async () => {
    const subject = naming.subject('stock.changed.here.pen');
    const batch = (expectedSubjectSeq: number) =>
      Array.from({ length: 200 }, (_, index) => ({
        subject: index === 0 ? subject : `${subject}-${index}`,
        headers: {},
        data: Buffer.from('event'),
        ...(index === 0 ? { expectedSubjectSeq } : {}),
      }));
    const seen = async () => (await lastMessage(connection, stream, subject))?.seq ?? 0;
    const unseat = async () =>
      (await connection.ready()).request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`).catch(() => undefined);
    const leaderOf = async (): Promise<string> => {
      const { cluster } = await infoOf();
      if (!cluster?.leader) throw new Error(`${stream} has no leader`);
      return cluster.leader;
    };
    const leaders = new Set<string>();
    let known = 0;
    let committed = 0;
    for (let attempt = 0; attempt < 16; attempt += 1) {
      const unseated = attempt % 4 === 0 ? unseat() : undefined;
      try {
        known = (await publishBatch(connection, batch(known))) - 199;
        committed += 1;
      } catch (error) {
        // Nothing else may be said: the ledger then asks what has become of it. One that was not answered may have
        // been stored after we had looked.
        if (!(error instanceof NatsUnavailable || error instanceof CommitConflict)) throw error;
        const found = await eventually(seen, ELECTED_MS);
        if (found !== known) committed += 1;
        known = found;
      }
      if (!unseated) continue;
      await unseated;
      leaders.add(await eventually(leaderOf, ELECTED_MS));
    }
    expect(leaders.size).toBeGreaterThan(1);
    expect(await eventually(() => lastSequence(connection, stream), ELECTED_MS)).toBe(committed * 200);
    expect(committed).toBeGreaterThan(0);
  });

  it('goes on handing out messages after the server is gone that led the consumer', async () => {
    const handled: string[] = [];
    const server = new JetStreamServer({ connection, naming, fatal: (error) => fail(error), replicas: 3 });
    server.addHandler(
      'reader',
      async ({ data }: { data: Uint8Array }) => void handled.push(`${Buffer.from(data)}`),
      false,
      {
        kind: 'message',
        consumer: { name: 'reader', stream: 'ZOHO_INBOX', filter: 'zoho.inbox.>', concurrency: 4 },
      },
    );
    server.listen(() => undefined);
    try {
      await eventually(() => send('before'), ELECTED_MS);
      await eventually(() => expect(handled).toContain('before'), ELECTED_MS);
      const leader = await eventually(leaderOfReader, ELECTED_MS);
      const killedAt = performance.now();
      await leader.kill();
      await eventually(() => send('after'), ELECTED_MS);
      // From the loss on: waiting for the message that makes the stream's new leader known is a part of it.
      await eventually(() => expect(handled).toContain('after'), ELECTED_MS - (performance.now() - killedAt));
      await leader.restart();
    } finally {
      await server.close();
    }
  });
});
