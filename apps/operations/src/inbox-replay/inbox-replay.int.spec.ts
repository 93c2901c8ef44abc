import { instantFrom, type Naming, streamNames, streamSeq } from '@tallystream/contracts';
import { storeWebhook, UNSUPPORTED } from '@tallystream/inbox';
import { lastSequence, messageAt, provisionStreams } from '@tallystream/jetstream';
import { defaultLedgerSettings, openLedger } from '@tallystream/ledger';
import { freshNaming, testServers } from '@tallystream/testing';
import { parseWebhook } from '@tallystream/zoho';
import { type Operations, startOperations } from '../spec/operations-app';

type Replayed = Readonly<{
  dryRun: boolean;
  count: number;
  run: { id: string; status: string; done: number; stats: Record<string, number> };
  errors?: { path: string }[];
}>;

const HOUR_MS = 3_600_000;
const invoice = (id: string, version = 0): string =>
  JSON.stringify({
    invoice: {
      invoice_id: id,
      status: 'sent',
      created_time: '2026-01-07T10:00:00+0300',
      last_modified_time: `2026-01-07T10:00:0${version}+0300`,
      customer_name: 'شركة الأمل',
      line_items: [{ item_id: '1001', quantity: 3, warehouse_id: '77' }],
    },
  });

describe('replaying the inbox', () => {
  let naming: Naming;
  let operations: Operations;

  beforeEach(async () => {
    naming = freshNaming();
    operations = await startOperations(testServers(), naming.namespace);
    await provisionStreams(operations.connection, naming);
  });
  afterEach(async () => {
    const { streams } = await operations.connection.manager();
    for (const name of streamNames) await streams.delete(naming.stream(name));
    await operations.close();
  });

  const receive = async (body: string, entity = 'invoice'): Promise<number> => {
    const webhook = {
      entity,
      event: 'updated',
      url: '/api/webhooks/zoho',
      headers: { 'user-agent': 'Zoho' },
      contentType: 'application/json',
      body: Buffer.from(body),
    };
    return (await storeWebhook(operations.connection, naming, webhook)).seq;
  };
  /** As the translator would have. */
  const apply = async (body: string) => {
    const ledger = openLedger(operations.connection, naming, defaultLedgerSettings);
    const receivedAt = instantFrom(Date.now());
    const payload = {
      body: Buffer.from(body),
      contentType: 'application/json',
      event: 'updated',
      receivedAt,
    };
    const parsed = parseWebhook(payload, {});
    if (parsed.kind !== 'documents') throw new Error(`is ${parsed.kind}`);
    for (const document of parsed.documents)
      await ledger.applyDocument(document, { kind: 'webhook', id: '1', actor: 'zoho' });
  };
  const at = (ms: number) => instantFrom(Date.now() + ms);
  const replay = (body: object = {}) =>
    operations.ask<Replayed>('inbox/replay', { body: { from: at(-HOUR_MS), to: at(HOUR_MS), ...body } });
  const inInbox = () => lastSequence(operations.connection, naming.stream('ZOHO_INBOX'));

  it.each([
    [{ from: 'yesterday' }, 'from'],
    [{ from: '2026-01-07T10:00:00Z', to: '2026-01-07T10:00:00Z' }, 'to'],
    [{ to: undefined }, 'to'],
    [{ entity: 'invoice.>' }, 'entity'],
    [{ documentId: 'a b' }, 'documentId'],
    [{ dryRun: 'yes' }, 'dryRun'],
    [{ until: 1 }, 'until'],
  ])('of %j is refused, and names %s', async (body, field) => {
    const answer = await replay(body);
    expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([400, field]);
  });

  it('of nothing does nothing', async () => {
    expect((await replay()).body).toMatchObject({ dryRun: false, count: 0, run: { status: 'completed' } });
  });

  it('counts first what the ledger lacks, and puts that back once; what it has is passed over', async () => {
    await receive(invoice('1', 1));
    const lacking = await receive(invoice('1', 2));
    await apply(invoice('1', 1));
    await receive(invoice('2'));
    await apply(invoice('2', 5));
    await receive(JSON.stringify({ item: { item_id: '1001', name: 'قلم' } }), 'item');
    await receive('{"invoice":', 'invoice');
    await receive(invoice('9'), UNSUPPORTED);
    const stats = { known: 2, lacking: 1, ignored: 2, unreadable: 1 };

    const dry = await replay({ dryRun: true });
    expect(dry.status).toBe(200);
    expect(dry.body).toMatchObject({ dryRun: true, count: 1, run: { status: 'completed', done: 0, stats } });
    expect(await inInbox()).toBe(6);

    const { body } = await replay();
    expect(body).toMatchObject({
      dryRun: false,
      count: 1,
      run: { done: 1, stats: { ...stats, replayed: 1 } },
    });
    expect(await inInbox()).toBe(7);
    const message = await messageAt(operations.connection, naming.stream('ZOHO_INBOX'), streamSeq(7));
    expect(Buffer.from(message?.data ?? []).toString()).toBe(invoice('1', 2));
    expect(message?.headers()).toMatchObject({
      'Tally-Entity': 'invoice',
      'Tally-Http-user-agent': 'Zoho',
      'Tally-Redrive-Of': String(lacking),
      'Tally-Replay': body.run.id,
    });
  });

  it('is of an entity, of a document, or of a time, when asked', async () => {
    await receive(invoice('1'));
    await receive(invoice('2'));
    await receive(JSON.stringify({ bill: { ...JSON.parse(invoice('3')).invoice, bill_id: '3' } }), 'bill');
    const count = async (body: object) => (await replay({ dryRun: true, ...body })).body.count;
    expect(await count({ documentId: '2' })).toBe(1);
    expect(await count({ entity: 'bill' })).toBe(1);
    expect(await count({ entity: 'invoice' })).toBe(2);
    expect(await count({ entity: 'package' })).toBe(0);
    expect(await count({ to: at(-HOUR_MS / 2) })).toBe(0);
    expect(await count({ from: at(HOUR_MS), to: at(2 * HOUR_MS) })).toBe(0);
  });

  it('of many takes each once', async () => {
    for (let n = 1; n <= 230; n += 1) await receive(invoice(String(n)));
    expect((await replay()).body).toMatchObject({ count: 230, run: { done: 230, stats: { replayed: 230 } } });
    expect(await inInbox()).toBe(460);
  });
});
