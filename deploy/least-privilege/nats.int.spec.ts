import { buffer } from 'node:stream/consumers';
import { namingFor } from '@tallystream/contracts';
import { openConnection, provisionStreams, restoreStream, saveStream } from '@tallystream/jetstream';
import { natsOptions } from '@tallystream/testing';
import { connect, type NatsConnection } from 'nats';
import { type LocalServers, removeData, startServers, temporaryData } from '../local/servers';

jest.setTimeout(60_000);

const dataDir = temporaryData();
const quiet = { info: () => undefined, warn: () => undefined };
let servers: LocalServers;

beforeAll(async () => {
  servers = await startServers({ dataDir, quiet: true, only: ['nats'] });
  const provisioner = openConnection({ url: servers.nats.urlAs('provisioner'), name: 'provisioner' }, quiet);
  await provisionStreams(provisioner, namingFor('tally'));
  await provisioner.close();
});
afterAll(async () => {
  await servers.stop();
  removeData(dataDir);
});

describe('on NATS', () => {
  const connections = new Map<string, NatsConnection>();
  const asUser = async (user: string): Promise<NatsConnection> => {
    const open =
      connections.get(user) ??
      (await connect({ ...natsOptions(servers.nats.urlAs(user)), inboxPrefix: `_INBOX.${user}` }));
    connections.set(user, open);
    return open;
  };
  /** The server's refusal, or what it answered. */
  const attempt = async (user: string, subject: string, body: unknown = {}): Promise<string> => {
    try {
      return (await (await asUser(user)).request(subject, JSON.stringify(body), { timeout: 3_000 })).string();
    } catch (error) {
      return String(error);
    }
  };
  const refused = expect.stringContaining('Permissions Violation');
  const lastOf = async (stream: string): Promise<number> => {
    const info = await attempt('standalone', `$JS.API.STREAM.INFO.tally_${stream}`);
    return JSON.parse(info).state.last_seq;
  };

  beforeAll(async () => {
    const manager = await (await asUser('standalone')).jetstreamManager();
    const durables = {
      STOCK: ['balances', 'audit-trail', 'stock-cache', 'drift'],
      ZOHO_INBOX: ['translator'],
    };
    for (const [stream, names] of Object.entries(durables))
      for (const name of names)
        await manager.consumers.add(`tally_${stream}`, {
          durable_name: `tally_${name}`,
          ack_policy: 'explicit' as never,
        });
  });
  afterAll(() => Promise.all([...connections.values()].map((connection) => connection.close())));

  it('nobody comes in without a password, or with a wrong one', async () => {
    const { servers: host } = natsOptions(servers.nats.url);
    await expect(connect({ servers: host, reconnect: false })).rejects.toThrow(/authorization/i);
    const wrong = { servers: host, user: 'ingress', pass: 'wrong', reconnect: false };
    await expect(connect(wrong)).rejects.toThrow(/authorization/i);
  });

  const ledgerWriters = ['ingress', 'reconciler'];
  const others = ['balances', 'stock-cache', 'audit-trail', 'provisioner', 'subscriber', 'backup'];

  it.each(ledgerWriters)('%s writes the ledger', async (user) => {
    const before = await lastOf('STOCK');
    expect(await attempt(user, `stock.changed.w.${user}`)).toContain('"stream":"tally_STOCK"');
    expect(await lastOf('STOCK')).toBe(before + 1);
  });

  it.each(others)('%s cannot publish to stock.>, nor where webhooks wait, nor keys', async (user) => {
    const before = [await lastOf('STOCK'), await lastOf('ZOHO_INBOX'), await lastOf('ACCESS_KEYS')];
    for (const subject of [
      'stock.changed.w.i',
      'stock.document.invoice.1',
      'stock.drift.1',
      'zoho.inbox.invoice.created',
      'zoho.outcome.1',
      'zoho.run.1',
      'catalog.item.1',
      'access.key.1',
      'dead.translator.x',
    ])
      expect([subject, await attempt(user, subject)]).toEqual([subject, refused]);
    expect([await lastOf('STOCK'), await lastOf('ZOHO_INBOX'), await lastOf('ACCESS_KEYS')]).toEqual(before);
  });

  it.each([
    ['ingress', 'stock.drift.1'],
    ['ingress', 'catalog.item.1'],
    ['ingress', 'zoho.run.1'],
    ['ingress', 'zoho.run.rebuild.balances.1'],
    ['balances', 'zoho.run.rebuild.audit-trail.1'],
    ['balances', 'zoho.claim.rebuild-audit-trail'],
    ['audit-trail', 'zoho.run.rebuild.balances.1'],
    ['subscriber', 'zoho.run.rebuild.balances.1'],
    ['ingress', 'access.key.1'],
    ['reconciler', 'zoho.outcome.1'],
    ['reconciler', 'dead.translator.x'],
  ])('%s cannot publish to %s', async (user, subject) => {
    expect(await attempt(user, subject)).toEqual(refused);
  });

  it.each([
    'stock.changed.w.i',
    'stock.document.invoice.1',
    'catalog.item.1',
    'zoho.outcome.1',
    'access.key.1',
    'dead.translator.x',
  ])('operations puts back what was put aside, and cannot publish to %s', async (subject) => {
    expect(await attempt('operations', subject)).toEqual(refused);
    expect(await attempt('operations', 'zoho.inbox.invoice.created')).toContain(
      '"stream":"tally_ZOHO_INBOX"',
    );
    expect(await attempt('operations', 'dead-letter.1')).toContain('"stream":"tally_DEAD_LETTER_STATES"');
  });

  it('operations pauses the consumers of others, and nobody else does', async () => {
    const pause = '$JS.API.CONSUMER.PAUSE.tally_ZOHO_INBOX.tally_translator';
    const until = { pause_until: new Date(Date.now() + 60_000).toISOString() };
    expect(await attempt('operations', pause, until)).toContain('"paused":true');
    expect(await attempt('operations', pause)).toContain('"paused":false');
    for (const user of [...ledgerWriters, ...others])
      expect([user, await attempt(user, pause, until)]).toEqual([user, refused]);
  });

  it('every app answers operations how its consumers are, and can answer nobody who did not ask', async () => {
    const app = await asUser('balances');
    app.subscribe('ops.consumers', { callback: (_error, message) => void message.respond('well') });
    await app.flush();
    expect(await attempt('operations', 'ops.consumers')).toBe('well');
    expect(await attempt('balances', '_INBOX.operations.x')).toEqual(refused);
  });

  const everybody = [...ledgerWriters, ...others, 'operations'];
  const takesAway = ['STREAM.DELETE', 'STREAM.PURGE', 'STREAM.MSG.DELETE'];
  const lists = 'CONSUMER.LIST';

  it.each(everybody)('%s can take nothing from a stream', async (user) => {
    for (const call of user === 'operations' ? takesAway : [...takesAway, lists])
      expect([call, await attempt(user, `$JS.API.${call}.tally_STOCK`, { seq: 1 })]).toEqual([call, refused]);
  });

  it.each(everybody.filter((user) => user !== 'provisioner'))(
    '%s cannot make or change one',
    async (user) => {
      for (const call of ['STREAM.CREATE', 'STREAM.UPDATE']) {
        const config = { name: 'tally_STOCK', subjects: ['stock.>'], max_msgs: 1 };
        expect([call, await attempt(user, `$JS.API.${call}.tally_STOCK`, config)]).toEqual([call, refused]);
      }
    },
  );

  it.each(everybody.filter((user) => user !== 'backup'))('%s cannot copy or replace one', async (user) => {
    for (const call of ['STREAM.SNAPSHOT', 'STREAM.RESTORE'])
      expect(await attempt(user, `$JS.API.${call}.tally_ZOHO_INBOX`)).toEqual(refused);
  });

  it.each(['balances', 'stock-cache', 'audit-trail', 'subscriber', 'provisioner'])(
    '%s cannot read webhooks, which may hold personal data',
    async (user) => {
      for (const subject of [
        '$JS.API.STREAM.MSG.GET.tally_ZOHO_INBOX',
        '$JS.API.DIRECT.GET.tally_ZOHO_INBOX',
        '$JS.API.CONSUMER.CREATE.tally_ZOHO_INBOX',
        '$JS.API.CONSUMER.CREATE.tally_ZOHO_INBOX.mine',
        '$JS.API.CONSUMER.CREATE.tally_ZOHO_INBOX.mine.zoho.inbox.>',
        '$JS.API.CONSUMER.DURABLE.CREATE.tally_ZOHO_INBOX.mine',
        '$JS.API.CONSUMER.MSG.NEXT.tally_ZOHO_INBOX.tally_translator',
        '$JS.API.DIRECT.GET.tally_DEAD_LETTERS',
      ])
        expect([subject, await attempt(user, subject)]).toEqual([subject, refused]);
    },
  );

  it.each([
    ['balances', 'audit-trail'],
    ['audit-trail', 'balances'],
    ['ingress', 'balances'],
    ['reconciler', 'stock-cache'],
    ['subscriber', 'balances'],
  ])('%s cannot touch the consumer of %s', async (user, owner) => {
    const consumer = `tally_STOCK.tally_${owner}`;
    const altered = { name: `tally_${owner}`, durable_name: `tally_${owner}`, filter_subject: 'stock.none' };
    const body = { stream_name: 'tally_STOCK', config: { ...altered, ack_policy: 'explicit' } };
    for (const subject of [
      `$JS.API.CONSUMER.CREATE.${consumer}`,
      `$JS.API.CONSUMER.CREATE.${consumer}.stock.none`,
      `$JS.API.CONSUMER.DURABLE.CREATE.${consumer}`,
      // Where the name stands in the body only.
      '$JS.API.CONSUMER.CREATE.tally_STOCK',
      `$JS.API.CONSUMER.DELETE.${consumer}`,
      `$JS.API.CONSUMER.MSG.NEXT.${consumer}`,
      `$JS.API.CONSUMER.PAUSE.${consumer}`,
      `$JS.ACK.${consumer}.1.1.1.1.1`,
    ])
      expect([subject, await attempt(user, subject, body)]).toEqual([subject, refused]);
    // Under another name on the subject than in the body: the server goes by the subject, or refuses.
    await attempt(user, `$JS.API.CONSUMER.CREATE.tally_STOCK.mine-${user}`, body);
    await attempt(user, `$JS.API.CONSUMER.DURABLE.CREATE.tally_STOCK.mine-${user}`, body);
    const info = JSON.parse(await attempt('standalone', `$JS.API.CONSUMER.INFO.${consumer}`));
    expect(info.config.filter_subject).toBeUndefined();
  });

  it.each(['_INBOX.>', '_INBOX.ingress.>', 'zoho.inbox.>', '$JS.>', '>'])(
    'balances cannot listen to %s',
    async (subject) => {
      const subscription = (await asUser('balances')).subscribe(subject, { max: 1 });
      await expect(
        (async () => {
          for await (const message of subscription) return message.subject;
        })(),
      ).rejects.toThrow('Permissions Violation');
    },
  );

  it('subscriber hears of stock, and asks for what it missed', async () => {
    const subscriber = await asUser('subscriber');
    const heard = subscriber.subscribe('stock.changed.>', { max: 1 });
    await subscriber.flush();
    await attempt('ingress', 'stock.changed.w.heard');
    for await (const message of heard) expect(message.subject).toBe('stock.changed.w.heard');
    const query = { last_by_subj: 'stock.changed.w.heard' };
    expect(await attempt('subscriber', '$JS.API.DIRECT.GET.tally_STOCK', query)).toBe('{}');
  });

  it('the catalogue cannot be delivered into the ledger by subscriber', async () => {
    const config = { name: 'mine', deliver_subject: 'stock.changed.w.i', ack_policy: 'none' };
    const create = (stream: string) =>
      attempt('subscriber', `$JS.API.CONSUMER.CREATE.${stream}.mine`, { stream_name: stream, config });
    expect(await create('tally_CATALOG')).toEqual(refused);
    expect(JSON.parse(await create('tally_STOCK')).error.description).toContain('cycle');
  });

  it('backup takes a stream away with it, and brings it back', async () => {
    await attempt('ingress', 'zoho.inbox.invoice.created', { invoice: {} });
    const backup = openConnection({ url: servers.nats.urlAs('backup'), name: 'backup' }, quiet);
    await backup.ready();
    const { saved, chunks } = await saveStream(backup, 'tally_ZOHO_INBOX');
    const bytes = await buffer(chunks);
    await attempt('standalone', '$JS.API.STREAM.DELETE.tally_ZOHO_INBOX');
    await restoreStream(
      backup,
      saved,
      (async function* () {
        yield bytes;
      })(),
    );
    expect(await lastOf('ZOHO_INBOX')).toBe(saved.state.last_seq);
    const names = await (await backup.manager()).streams.names().next();
    expect(names).toContain('tally_ZOHO_INBOX');
    await backup.close();
  });
});
