import {
  documentIdSchema,
  type Instant,
  instantFrom,
  itemIdSchema,
  type Naming,
  runIdSchema,
  type StreamSeq,
  streamNames,
  warehouseIdSchema,
} from '@tallystream/contracts';
import { webhookFrom } from '@tallystream/inbox';
import {
  type JetStreamConnection,
  lastMessage,
  messagesSince,
  openConnection,
  provisionStreams,
  publish,
} from '@tallystream/jetstream';
import { defaultLedgerSettings, type Ledger, openLedger } from '@tallystream/ledger';
import { freshNaming, testServers } from '@tallystream/testing';
import {
  type ListedDocumentType,
  listedDocumentTypes,
  type ZohoDocumentRow,
  ZohoError,
} from '@tallystream/zoho';
import { type CatchUpParts, type CatchUpRequest, catchUp } from './catch-up';
import { CALLS_AT_ONCE } from './hand-over';
import { handled } from './handled';

const quiet = { info: () => undefined, warn: () => undefined };
const run = runIdSchema.parse('stock-1');
const idOf = (id: string) => documentIdSchema.parse(id);
/** Zoho's time when the ledger began, and seconds from then. */
const start = Math.floor(Date.now() / 1_000);
const at = (seconds: number): Instant => instantFrom((start + seconds) * 1_000);

type Listed = Readonly<{ type: ListedDocumentType; id: string; seconds?: number; status?: string }>;

/** Zoho with these documents, three minutes later; `fails` says which of its endpoints do. */
const zohoWith = (documents: readonly Listed[]) => {
  const state = {
    documents: [...documents],
    gone: new Set<string>(),
    fails: (_endpoint: string): ZohoError | undefined => undefined,
    calls: [] as string[],
    asOf: at(180),
  };
  const asked = (endpoint: string, onRequest: (() => void) | undefined) => {
    state.calls.push(endpoint);
    onRequest?.();
    const error = state.fails(endpoint);
    if (error) throw error;
  };
  const rowOf = ({ type, id, seconds, status }: Listed): ZohoDocumentRow => ({
    type,
    id: idOf(id),
    ...(seconds === undefined ? {} : { modifiedAt: at(seconds) }),
    ...(status === undefined ? {} : { status }),
  });
  return Object.assign(state, {
    details: () => state.calls.filter((endpoint) => endpoint.includes('/')),
    client: {
      listDocuments: async (type, { page, perPage }, call) => {
        asked(type, call.onRequest);
        const all = state.documents
          .filter((document) => document.type === type)
          .sort((a, b) => (b.seconds ?? 0) - (a.seconds ?? 0));
        const rows = all.slice((page - 1) * perPage, page * perPage).map(rowOf);
        return { asOf: state.asOf, rows, hasMore: page * perPage < all.length, isSorted: true };
      },
      document: async (type, id, call) => {
        asked(`${type}/${id}`, call.onRequest);
        const document = state.documents.find((one) => one.type === type && one.id === id);
        if (!document || state.gone.has(id)) return undefined;
        return JSON.stringify({ [type]: { [`${type}_id`]: id, at: document.seconds } });
      },
    } satisfies CatchUpParts['zoho'],
  });
};

const invoices = (...seconds: readonly number[]): Listed[] =>
  seconds.map((one) => ({ type: 'invoice', id: `inv-${one}`, seconds: one }));

describe('catching up by document', () => {
  let connection: JetStreamConnection;
  let naming: Naming;
  let ledger: Ledger;

  beforeAll(async () => {
    connection = openConnection({ url: testServers().natsUrl, name: 'catch-up.int.spec' }, quiet);
    await connection.ready();
  });
  beforeEach(async () => {
    naming = freshNaming();
    await provisionStreams(connection, naming);
    ledger = openLedger(connection, naming, defaultLedgerSettings);
    await ledger.recordRun({
      type: 'SyncStarted',
      data: {
        runId: runIdSchema.parse('opening'),
        kind: 'full',
        cause: { kind: 'sync', id: 'opening', actor: 'reconciler' },
        occurredAt: at(0),
      },
    });
  });
  afterEach(async () => {
    const { streams } = await connection.manager();
    for (const name of streamNames) await streams.delete(naming.stream(name));
  });
  afterAll(() => connection.close());

  type Zoho = ReturnType<typeof zohoWith>;
  const partsWith = (zoho: Zoho, change: Partial<CatchUpParts> = {}): CatchUpParts => ({
    connection,
    naming,
    ledger,
    zoho: zoho.client,
    organization: '10234695',
    now: () => start * 1_000 + 180_000,
    settleMs: 0,
    ...change,
  });
  const catchUpWith = (
    zoho: Zoho,
    request: Partial<CatchUpRequest> = {},
    parts: Partial<CatchUpParts> = {},
  ) =>
    catchUp(partsWith(zoho, parts), { runId: run, maxDetails: 50, call: { priority: 'sweep' }, ...request });
  const apply = (id: string, seconds: number, deleted = false) =>
    ledger.applyDocument(
      {
        type: 'invoice',
        id: idOf(id),
        status: 'sent',
        deleted,
        modifiedAt: at(seconds),
        lines: [
          { itemId: itemIdSchema.parse('pen'), warehouseId: warehouseIdSchema.parse('main'), quantity: 1 },
        ],
      },
      { kind: 'webhook', id: `${id}-${seconds}`, actor: 'zoho' },
    );
  const inbox = async () => {
    const subject = naming.subject('zoho.inbox.>');
    const messages = await messagesSince(connection, naming.stream('ZOHO_INBOX'), subject, instantFrom(0));
    return messages.map((message) => {
      const { body, ...webhook } = webhookFrom(message);
      return { ...webhook, body: Buffer.from(body).toString() };
    });
  };
  const idsInInbox = async () => (await inbox()).map(({ url }) => url.split('/').at(-1));
  const watermarkOf = async (type: string) => {
    const message = await lastMessage(connection, naming.stream('ZOHO_RUNS'), naming.watermarkSubject(type));
    return message && JSON.parse(Buffer.from(message.data).toString());
  };

  it('hands over what the ledger never saw, or saw in an older version, as late webhooks', async () => {
    await Promise.all([
      apply('inv-20', 20),
      apply('inv-30', 29),
      apply('inv-40', 40),
      apply('inv-50', 10, true),
    ]);
    const zoho = zohoWith([
      ...invoices(10, 20, 30, 40, 50),
      { type: 'bill', id: 'bill-1', seconds: 25, status: 'open' },
    ]);
    const caughtUp = await catchUpWith(zoho);
    expect(caughtUp).toEqual({
      found: [
        { type: 'invoice', id: 'inv-10', inboxSeq: 1 },
        { type: 'bill', id: 'bill-1', inboxSeq: 2 },
        { type: 'invoice', id: 'inv-30', inboxSeq: 3 },
      ],
      looked: 6,
      complete: true,
      apiCalls: listedDocumentTypes.length + 3,
      notes: [],
    });
    expect((await inbox())[1]).toEqual({
      entity: 'bill',
      event: 'updated',
      organization: '10234695',
      url: '/bills/bill-1',
      headers: {},
      contentType: 'application/json',
      body: '{"bill":{"bill_id":"bill-1","at":25}}',
      syncRun: run,
    });
    expect(await watermarkOf('invoice')).toMatchObject({ readTo: at(180) });
  });

  it('hands over nothing twice, whether it has arrived in the ledger or not', async () => {
    const zoho = zohoWith([...invoices(10, 20), { type: 'salesreturn', id: 'ret-1', seconds: 30 }]);
    await catchUpWith(zoho);
    await apply('inv-10', 10);
    const again = await catchUpWith(zoho);
    expect(again).toMatchObject({ found: [], complete: true, apiCalls: listedDocumentTypes.length });
    expect(await idsInInbox()).toEqual(['inv-10', 'inv-20', 'ret-1']);

    zoho.documents = [...invoices(10, 20), { type: 'salesreturn', id: 'ret-1', seconds: 190 }];
    zoho.asOf = at(200);
    expect((await catchUpWith(zoho)).found).toMatchObject([{ type: 'salesreturn', id: 'ret-1' }]);
  });

  it('looks at nothing in an empty ledger, and at nothing from before the opening run', async () => {
    const empty = freshNaming();
    await provisionStreams(connection, empty);
    const zoho = zohoWith([...invoices(-3_600, -601, 10)]);
    const parts = { naming: empty, ledger: openLedger(connection, empty) };
    expect(await catchUpWith(zoho, {}, parts)).toMatchObject({ found: [], complete: true, apiCalls: 0 });
    const { streams } = await connection.manager();
    for (const name of streamNames) await streams.delete(empty.stream(name));

    expect((await catchUpWith(zoho)).found).toMatchObject([{ id: 'inv-10' }]);
  });

  it('fetches the oldest first when it may not fetch all, and goes on from there', async () => {
    const zoho = zohoWith(invoices(50, 40, 30, 20, 10));
    const first = await catchUpWith(zoho, { maxDetails: 2 });
    expect(first).toMatchObject({ found: [{ id: 'inv-10' }, { id: 'inv-20' }], complete: false });
    expect(await watermarkOf('invoice')).toMatchObject({ readTo: at(30) });
    expect(await watermarkOf('bill')).toMatchObject({ readTo: at(180) });

    const second = await catchUpWith(zoho, { maxDetails: 2 });
    expect(second).toMatchObject({ found: [{ id: 'inv-30' }, { id: 'inv-40' }], complete: false });
    expect(await catchUpWith(zoho, { maxDetails: 2 })).toMatchObject({
      found: [{ id: 'inv-50' }],
      complete: true,
    });
    expect(zoho.details()).toHaveLength(5);
    expect(await watermarkOf('invoice')).toMatchObject({ readTo: at(180) });
  });

  it('cut off between the inbox and the watermark, repeats nothing', async () => {
    const zoho = zohoWith(invoices(10, 20, 30));
    zoho.fails = (endpoint) =>
      endpoint === 'invoice/inv-30' ? new ZohoError('quota_exhausted', 'no calls left today') : undefined;
    await expect(catchUpWith(zoho)).rejects.toMatchObject({ kind: 'quota_exhausted' });
    expect(await watermarkOf('invoice')).toBeUndefined();

    zoho.fails = () => undefined;
    zoho.calls.length = 0;
    await apply('inv-10', 10);
    const again = await catchUpWith(zoho, { runId: runIdSchema.parse('stock-2') });
    expect(again.found).toEqual([
      { type: 'invoice', id: 'inv-20', inboxSeq: 2 },
      { type: 'invoice', id: 'inv-30', inboxSeq: 3 },
    ]);
    expect(zoho.details()).toEqual(['invoice/inv-20', 'invoice/inv-30']);
    expect(await idsInInbox()).toEqual(['inv-10', 'inv-20', 'inv-30']);
  });

  it('passes over types that Zoho does not show us, with a note, and asks again after an hour', async () => {
    const zoho = zohoWith(invoices(10));
    zoho.fails = (endpoint) => {
      if (endpoint === 'package')
        return new ZohoError('missing_scope', 'not authorized', { status: 401, code: 57 });
      if (endpoint === 'bundle') return new ZohoError('not_found', 'Invalid URL', { status: 404, code: 5 });
      if (endpoint === 'transfer_order')
        return new ZohoError('refused', 'not enabled', { status: 400, code: 9 });
      return undefined;
    };
    const caughtUp = await catchUpWith(zoho);
    expect(caughtUp).toMatchObject({ found: [{ id: 'inv-10' }], complete: true });
    const notes = [
      expect.stringContaining('package: not listed: Zoho answered 401 (code 57)'),
      expect.stringContaining('transfer_order: not listed: Zoho answered 400 (code 9)'),
      expect.stringContaining('bundle: not listed: Zoho answered 404 (code 5)'),
    ];
    expect(caughtUp.notes).toEqual(notes);

    zoho.calls.length = 0;
    expect((await catchUpWith(zoho)).notes).toEqual(notes);
    expect(zoho.calls).not.toContain('package');

    zoho.fails = () => undefined;
    zoho.documents.push({ type: 'package', id: 'pack-1', seconds: 15 });
    const later = await catchUpWith(zoho, {}, { now: () => start * 1_000 + 3_780_000 });
    expect(later).toMatchObject({ found: [{ type: 'package', id: 'pack-1' }], notes: [] });
  });

  it('ends when Zoho cannot be asked, and leaves the watermarks where they were', async () => {
    const zoho = zohoWith(invoices(10));
    zoho.fails = (endpoint) => (endpoint === 'bill' ? new ZohoError('unreachable', 'no answer') : undefined);
    await expect(catchUpWith(zoho)).rejects.toMatchObject({ kind: 'unreachable' });
    expect(await inbox()).toEqual([]);
    expect(await watermarkOf('invoice')).toBeUndefined();
  });

  it('a document that Zoho refuses holds up no other, and is not asked for again', async () => {
    const zoho = zohoWith(invoices(10, 20));
    zoho.fails = (endpoint) =>
      endpoint === 'invoice/inv-10'
        ? new ZohoError('refused', 'archived', { status: 400, code: 9 })
        : undefined;
    expect(await catchUpWith(zoho)).toMatchObject({
      found: [{ id: 'inv-20' }],
      complete: true,
      notes: ['invoice:inv-10: Zoho answered 400 (code 9): archived'],
    });
    expect(await catchUpWith(zoho)).toMatchObject({ found: [], notes: [], complete: true });
  });

  it('details that are not to be had cost a few calls, and what they hide stays before the watermark', async () => {
    const zoho = zohoWith(invoices(10, 20, 30, 40, 50, 60));
    zoho.fails = (endpoint) =>
      endpoint.includes('/')
        ? new ZohoError('not_found', 'Invalid URL', { status: 404, code: 5 })
        : undefined;
    expect(await catchUpWith(zoho)).toMatchObject({ found: [], complete: true });
    expect(zoho.details()).toHaveLength(CALLS_AT_ONCE);
    expect(await watermarkOf('invoice')).toMatchObject({ readTo: at(10), refused: { at: at(180) } });
  });

  it('tells of the deletion of a document that the ledger knows, and of no other', async () => {
    await apply('inv-10', 5);
    const zoho = zohoWith(invoices(10, 20));
    zoho.gone = new Set(['inv-10', 'inv-20']);
    expect((await catchUpWith(zoho)).found).toMatchObject([{ id: 'inv-10' }]);
    expect(await inbox()).toMatchObject([
      { entity: 'invoice', event: 'deleted', body: '{"invoice":{"invoice_id":"inv-10"}}', syncRun: run },
    ]);
    expect(await catchUpWith(zoho)).toMatchObject({ found: [], complete: true });
  });

  it('without times, fetches what the ledger lacks or has in another status', async () => {
    await Promise.all([apply('inv-1', 10), apply('inv-2', 10)]);
    const zoho = zohoWith([
      { type: 'invoice', id: 'inv-1', status: 'sent' },
      { type: 'invoice', id: 'inv-2', status: 'void' },
      { type: 'invoice', id: 'inv-3', status: 'draft' },
    ]);
    expect((await catchUpWith(zoho)).found.map(({ id }) => id)).toEqual(['inv-2', 'inv-3']);
    expect((await catchUpWith(zoho)).found).toEqual([]);
  });

  it('spends no call on what arrives by itself meanwhile', async () => {
    const zoho = zohoWith(invoices(10, 170, 175));
    const arriving = {
      documents: async (names: Parameters<Ledger['documents']>[0]) => {
        const known = await ledger.documents(names);
        await apply('inv-170', 170);
        return known;
      },
    };
    const caughtUp = await catchUpWith(zoho, {}, { ledger: arriving, settleMs: 20 });
    expect(caughtUp.found.map(({ id }) => id)).toEqual(['inv-10', 'inv-175']);
  });

  it('done by two replicas at once, hands over each document once', async () => {
    const zoho = zohoWith(invoices(10, 20, 30));
    const both = await Promise.all([catchUpWith(zoho), catchUpWith(zoho)]);
    expect(both.map(({ found }) => found.map(({ inboxSeq }) => inboxSeq))).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect((await idsInInbox()).sort()).toEqual(['inv-10', 'inv-20', 'inv-30']);
    expect(await watermarkOf('invoice')).toMatchObject({ readTo: at(180) });
  });

  it('reads every type from the beginning when a watermark is not one', async () => {
    await publish(connection, {
      subject: naming.watermarkSubject('invoice'),
      headers: {},
      data: Buffer.from('{"readUntil":"yesterday"}'),
    });
    expect((await catchUpWith(zohoWith(invoices(10)))).found).toMatchObject([{ id: 'inv-10' }]);
    expect(await watermarkOf('invoice')).toMatchObject({ readTo: at(180) });
  });

  describe('what was handed over', () => {
    const outcome = async (sequence: StreamSeq) =>
      publish(connection, { subject: naming.outcomeSubject(sequence), headers: {}, data: Buffer.from('{}') });

    it('is waited for until the translator has said what became of each', async () => {
      const seqs = (await catchUpWith(zohoWith(invoices(10, 20)))).found.map(({ inboxSeq }) => inboxSeq);
      const waiting = handled({ connection, naming }, seqs, 10_000);
      for (const seq of seqs) await outcome(seq);
      expect(await waiting).toEqual([]);
    });

    it('is told as open when its time is up', async () => {
      const seqs = (await catchUpWith(zohoWith(invoices(10, 20)))).found.map(({ inboxSeq }) => inboxSeq);
      const [first, second] = seqs;
      if (first) await outcome(first);
      expect(await handled({ connection, naming }, seqs, 100)).toEqual([second]);
      expect(await handled({ connection, naming }, [], 0)).toEqual([]);
    });

    it('is not waited for any longer when the signal says so', async () => {
      const ending = new AbortController();
      const [found] = (await catchUpWith(zohoWith(invoices(10)))).found;
      const waiting = handled({ connection, naming }, found ? [found.inboxSeq] : [], 60_000, ending.signal);
      ending.abort();
      await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    });
  });
});
