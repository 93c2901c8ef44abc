import { runIdSchema } from '@tallystream/contracts';
import { freshNaming, testServers } from '@tallystream/testing';
import { StoreCompression } from 'nats';
import { CommitConflict, type JetStreamConnection, openConnection, provisionStreams, publish } from './index';

const quiet = { info: () => undefined, warn: () => undefined };
const naming = freshNaming();

describe('the streams', () => {
  let connection: JetStreamConnection;

  beforeAll(async () => {
    connection = openConnection({ url: testServers().natsUrl, name: 'provision.int.spec' }, quiet);
    await connection.ready();
    await provisionStreams(connection, naming);
  });
  afterAll(() => connection.close());

  const configOf = async (name: Parameters<typeof naming.stream>[0]) =>
    (await (await connection.manager()).streams.info(naming.stream(name))).config;

  it('can be set up again, as every start does', async () => {
    await provisionStreams(connection, naming);
    expect(await configOf('STOCK')).toMatchObject({
      deny_delete: true,
      deny_purge: true,
      allow_atomic: true,
    });
  });

  it('compress what Zoho said, and keep it for 90 days', async () => {
    expect(await configOf('ZOHO_SNAPSHOTS')).toMatchObject({
      subjects: [naming.subject('zoho.snapshot.>')],
      compression: StoreCompression.S2,
      max_age: 90 * 24 * 3_600 * 1e9,
    });
  });

  it('keep the newest 64 of each subject of the catalogue', async () => {
    expect(await configOf('CATALOG')).toMatchObject({ max_msgs_per_subject: 64, allow_direct: true });
  });

  it('give out no anchor of the audit trail that was written once', async () => {
    expect(await configOf('AUDIT_ANCHORS')).toMatchObject({
      subjects: [naming.subject('audit.anchor.>')],
      deny_delete: true,
      deny_purge: true,
      max_age: 0,
    });
  });

  it('let one of two replicas claim a kind of run', async () => {
    const claim = (data: string, expectedSubjectSeq: number) =>
      publish(connection, {
        subject: naming.claimSubject('full'),
        headers: {},
        data: Buffer.from(data),
        expectedSubjectSeq,
      });
    const { seq } = await claim('mine', 0);
    await expect(claim('no, mine', 0)).rejects.toThrow(CommitConflict);
    await publish(connection, {
      subject: naming.runStateSubject(runIdSchema.parse('full-1')),
      headers: {},
      data: Buffer.from('another subject does not move it'),
    });
    await expect(claim('released', seq)).resolves.toMatchObject({ duplicate: false });
    expect((await (await connection.manager()).streams.info(naming.stream('ZOHO_RUNS'))).state.messages).toBe(
      2,
    );
  });
});
