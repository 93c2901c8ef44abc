import { type Naming, runIdSchema } from '@tallystream/contracts';
import {
  type JetStreamConnection,
  messageAt,
  openConnection,
  provisionStreams,
} from '@tallystream/jetstream';
import { freshNaming, testServers } from '@tallystream/testing';
import { type ReceivedWebhook, storeWebhook, webhookFrom } from './index';

const quiet = { info: () => undefined, warn: () => undefined };
const run = runIdSchema.parse('stock-1');
const webhook: ReceivedWebhook = {
  entity: 'invoice',
  event: 'updated',
  organization: '10234695',
  url: '/api/webhooks/zoho?event=invoice.updated',
  headers: { 'user-agent': 'Zoho', 'x-zoho-hook': '1' },
  contentType: 'application/json',
  body: Buffer.from('{"invoice":{"last_modified_time":"2026-01-07T13:31:02+0300","name":"قلم"}}'),
};

describe('the inbox', () => {
  let connection: JetStreamConnection;
  let naming: Naming;
  const store = (change: Partial<ReceivedWebhook> = {}) =>
    storeWebhook(connection, naming, { ...webhook, ...change });
  const withoutVersion = Buffer.from('{"invoice":{"invoice_id":"1"}}');

  beforeAll(async () => {
    connection = openConnection({ url: testServers().natsUrl, name: 'inbox.int.spec' }, quiet);
    await connection.ready();
  });
  beforeEach(async () => {
    naming = freshNaming();
    await provisionStreams(connection, naming);
  });
  afterAll(() => connection.close());

  it.each([
    ['a webhook', webhook],
    ['a document that a run fetched', { ...webhook, syncRun: run }],
  ])('gives back %s as it was put in', async (_what, stored) => {
    const { seq } = await store(stored);
    const message = await messageAt(connection, naming.stream('ZOHO_INBOX'), seq);
    if (!message) throw new Error('nothing was stored');
    expect(message.subject).toBe(naming.inboxSubject('invoice', 'updated'));
    const read = webhookFrom(message);
    expect({ ...read, body: Buffer.from(read.body) }).toEqual(stored);
  });

  it('takes the same bytes once where they name their version', async () => {
    const { seq } = await store();
    expect(await store()).toEqual({ seq, duplicate: true });
    expect((await store({ event: 'created' })).duplicate).toBe(false);
    expect((await store({ body: withoutVersion })).duplicate).toBe(false);
    expect((await store({ body: withoutVersion })).duplicate).toBe(false);
  });

  it('takes what runs fetch once, whichever run, and beside the webhook of the same bytes', async () => {
    await store();
    const { seq, duplicate } = await store({ syncRun: run });
    expect(duplicate).toBe(false);
    expect(await store({ syncRun: runIdSchema.parse('stock-2') })).toEqual({ seq, duplicate: true });
    await store({ syncRun: run, event: 'deleted', body: withoutVersion });
    expect((await store({ syncRun: run, event: 'deleted', body: withoutVersion })).duplicate).toBe(true);
  });

  it('a header of a webhook cannot make it pass for what a run fetched', async () => {
    const { seq } = await store({ headers: { 'Tally-Sync-Run': 'stock-1' } });
    const message = await messageAt(connection, naming.stream('ZOHO_INBOX'), seq);
    expect(message && webhookFrom(message).syncRun).toBeUndefined();
  });
});
