import 'reflect-metadata';
import { type INestMicroservice, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import {
  type ItemId,
  instantFrom,
  itemIdSchema,
  type Naming,
  runIdSchema,
  type StreamSeq,
  streamNames,
} from '@tallystream/contracts';
import { storeWebhook } from '@tallystream/inbox';
import {
  JETSTREAM,
  type JetStreamConnection,
  JetStreamServer,
  lastMessage,
  messagesSince,
  openConnection,
  provisionStreams,
} from '@tallystream/jetstream';
import { defaultLedgerSettings, type Ledger, openLedger, storedEvent } from '@tallystream/ledger';
import { CONFIG, loadConfig, NAMING } from '@tallystream/platform';
import { freshNaming, testServers } from '@tallystream/testing';
import { openZohoClient, type ZohoClient } from '@tallystream/zoho';
import Redis from 'ioredis';
import { ledgerProvider } from '../../apps/ingress/src/ledger.provider';
import { ObservationRequests } from '../../apps/ingress/src/observation-requests';
import { Translator } from '../../apps/ingress/src/translator';
import { catchUp } from '../../apps/reconciler/src/catch-up/catch-up';
import { handled } from '../../apps/reconciler/src/catch-up/handled';
import { type Running, startSimulator } from '../../apps/zoho-simulator/src/testing/running';

const quiet = { info: () => undefined, warn: () => undefined };
const MAIN = '2646610000000077024';
const NORTH = '2646610000000077025';
const RUN = runIdSchema.parse('stock-20260107T103000Z-1f9a');
const sweep = { priority: 'sweep' } as const;

type TrueLevel = Readonly<{ itemId: string; warehouseId: string }> & Readonly<Record<string, unknown>>;
type Told = Readonly<{ changes: readonly Readonly<{ document: Record<string, Record<string, string>> }>[] }>;

/** The ledger and its translator against a simulated Zoho all of whose webhooks are lost. */
describe('documents whose webhooks were lost', () => {
  const ending = new AbortController();
  let naming: Naming;
  let connection: JetStreamConnection;
  let translator: INestMicroservice;
  let simulator: Running;
  let redis: Redis;
  let zoho: ZohoClient;
  let ledger: Ledger;
  let items: readonly ItemId[];

  beforeAll(async () => {
    naming = freshNaming();
    connection = openConnection({ url: testServers().natsUrl, name: 'catch-up.e2e.spec' }, quiet);
    await connection.ready();
    await provisionStreams(connection, naming);
    ledger = openLedger(connection, naming, defaultLedgerSettings);
    simulator = await startSimulator({ seed: 7 });
    simulator.wall.now = Date.now();
    redis = new Redis(testServers().redisUrl);
    zoho = openZohoClient({
      apiBaseUrl: simulator.base,
      product: 'inventory',
      organizationId: '10234695',
      arabicNameField: 'cf_arabic_name',
      credentials: { accountsUrl: simulator.base, clientId: 'c', clientSecret: 's', refreshToken: 'r' },
      limits: { perMinute: 10_000, perDay: 100_000, concurrency: 5 },
      redis,
      naming,
      signal: ending.signal,
    });
    translator = await startTranslator();
    items = await openingStock();
  });
  afterAll(async () => {
    await translator?.close();
    ending.abort();
    await simulator?.stop();
    redis?.disconnect();
    const { streams } = await connection.manager();
    for (const name of streamNames) await streams.delete(naming.stream(name));
    await connection?.close();
  });
  // Zoho's clock has seconds, and within two of an observation nothing is certain.
  beforeEach(() => {
    simulator.wall.now += 10_000;
  });

  const startTranslator = async (): Promise<INestMicroservice> => {
    @Module({
      controllers: [Translator],
      providers: [
        { provide: CONFIG, useValue: loadConfig([], { ZOHO_OBSERVE_DELAY_MS: '-1' }) },
        { provide: NAMING, useValue: naming },
        { provide: JETSTREAM, useValue: connection },
        ledgerProvider,
        ObservationRequests,
      ],
    })
    class TranslatorApp {}

    const fatal = (error: Error): never => {
      throw error;
    };
    const app = await NestFactory.createMicroservice<MicroserviceOptions>(TranslatorApp, {
      strategy: new JetStreamServer({ connection, naming, fatal }),
      logger: false,
    });
    await app.listen();
    return app;
  };

  const openingStock = async (): Promise<readonly ItemId[]> => {
    const cause = { kind: 'sync', id: 'opening', actor: 'reconciler' } as const;
    await ledger.recordRun({
      type: 'SyncStarted',
      data: {
        runId: runIdSchema.parse('opening'),
        kind: 'full',
        cause,
        occurredAt: instantFrom(simulator.wall.now),
      },
    });
    const page = await zoho.listItems({ page: 1, activeOnly: false }, sweep);
    const tracked = page.items.filter(({ tracksStock }) => tracksStock).map(({ itemId }) => itemId);
    const { asOf, items: read } = await zoho.itemDetails(tracked, sweep);
    const observations = read.flatMap(({ itemId, levels }) =>
      levels.flatMap(({ warehouseId, quantities }) =>
        quantities ? [{ itemId, warehouseId, asOf, quantities }] : [],
      ),
    );
    await Promise.all(observations.map((observation) => ledger.applyObservation(observation, cause)));
    return tracked;
  };

  const search = async () => {
    const parts = { connection, naming, ledger, zoho, now: Date.now, settleMs: 0 };
    const caughtUp = await catchUp(parts, { runId: RUN, maxDetails: 1_000, call: sweep });
    const sequences = caughtUp.found.map(({ inboxSeq }) => inboxSeq);
    expect(await handled({ connection, naming }, sequences, 20_000)).toEqual([]);
    return caughtUp;
  };
  const book = async (action: string, input: unknown) => {
    const { status, body } = await simulator.control('bookings', { action, input });
    expect({ status, body }).toMatchObject({ status: 200 });
    const [first] = (body as unknown as Told).changes;
    const [[type = '', document = {}] = []] = Object.entries(first?.document ?? {});
    return { type, document, id: document[`${type}_id`] ?? '' };
  };
  const lines = (quantity: number) => ({
    contact: 0,
    branchId: MAIN,
    naming: 'line_warehouse',
    lines: [{ itemId: items[0], warehouseId: MAIN, quantity }],
  });
  const truth = async () => (await simulator.show('truth')).body.levels as TrueLevel[];
  const inLedger = async (levels: readonly TrueLevel[]) => {
    const stored = await ledger.levelsOfItems(items);
    return levels.map(({ itemId, warehouseId }) => {
      const found = stored
        .get(itemIdSchema.parse(itemId))
        ?.find(({ ref }) => ref.warehouseId === warehouseId);
      const { reserved: _ours, ...quantities } = found?.level.quantities ?? { reserved: 0 };
      return { itemId, warehouseId, ...quantities };
    });
  };
  /** What a document did to the levels, as it stands in the ledger. */
  const movesBy = async (id: string) => {
    const subject = naming.subject('stock.changed.>');
    const messages = await messagesSince(connection, naming.stream('STOCK'), subject, instantFrom(0));
    return messages.flatMap((message) => {
      const { event } = storedEvent(message);
      if (event.type !== 'StockChanged' || event.data.document?.id !== id) return [];
      const { warehouseId, delta, reason, cause } = event.data;
      return [{ warehouseId, delta, reason, cause }];
    });
  };
  /** Into the inbox, as the ingress does, or a run. */
  const put = ({ body, ...webhook }: { body: object; event: string; syncRun?: typeof RUN }) =>
    storeWebhook(connection, naming, {
      entity: 'invoice',
      url: '/',
      headers: {},
      contentType: 'application/json',
      body: Buffer.from(JSON.stringify(body)),
      ...webhook,
    });
  const outcomeOf = async (seq: StreamSeq) => {
    expect(await handled({ connection, naming }, [seq], 20_000)).toEqual([]);
    const stored = await lastMessage(connection, naming.stream('ZOHO_OUTCOMES'), naming.outcomeSubject(seq));
    return JSON.parse(Buffer.from(stored?.data ?? []).toString());
  };

  // First: of a document that the ledger has, no list shows that it was deleted since.
  it('of every type and many, bring every level to the truth', async () => {
    const types = [
      'invoice',
      'salesorder',
      'package',
      'bill',
      'purchase_receive',
      'transfer_order',
      'inventory_adjustment',
      'creditnote',
      'salesreturn',
      'vendor_credit',
      'bundle',
    ];
    const { body } = await simulator.control('transactions', { count: 600, seed: 8, types });
    expect(body).toMatchObject({ booked: 600 });
    const { found } = await search();
    const kinds = new Set(found.map(({ type }) => type));
    expect([...kinds].sort()).toEqual([...types].sort());
    const levels = await truth();
    expect(await inLedger(levels)).toEqual(levels);
    expect((await search()).found).toEqual([]);
  });

  it('are found and applied under their true reason', async () => {
    const invoice = await book('invoice.create', { ...lines(300), status: 'sent' });
    const bill = await book('bill.create', lines(7.5));
    const transfer = await book('transfer_order.create', { ...lines(3), destinationId: NORTH });
    const { found, complete, notes } = await search();
    expect(found.map(({ type, id }) => [type, String(id)]).sort()).toEqual(
      [invoice, bill, transfer].map(({ type, id }) => [type, id]).sort(),
    );
    expect({ complete, notes }).toEqual({ complete: true, notes: [] });

    const causeOf = (wanted: string) => {
      const seq = found.find(({ id }) => id === wanted)?.inboxSeq;
      return { kind: 'sync', id: `${RUN}:${seq}`, actor: 'reconciler' };
    };
    expect(await movesBy(invoice.id)).toEqual([
      { warehouseId: MAIN, delta: { onHand: -300 }, reason: 'sale', cause: causeOf(invoice.id) },
    ]);
    expect(await movesBy(bill.id)).toEqual([
      { warehouseId: MAIN, delta: { onHand: 7.5 }, reason: 'purchase', cause: causeOf(bill.id) },
    ]);
    expect(await movesBy(transfer.id)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ warehouseId: MAIN, delta: { onHand: -3, physicalOnHand: -3 } }),
        expect.objectContaining({ warehouseId: NORTH, delta: { inTransit: 3 }, reason: 'transfer' }),
      ]),
    );
    expect(await inLedger(await truth())).toEqual(await truth());
  });

  it('come too late when their webhooks arrive after all: they change nothing', async () => {
    const { type, id, document } = await book('invoice.create', { ...lines(4), status: 'sent' });
    await search();
    const before = await inLedger(await truth());
    const { seq, duplicate } = await put({ event: 'created', body: { [type]: document } });
    expect(duplicate).toBe(false);
    expect(await outcomeOf(seq)).toMatchObject({ status: 'stale', document: { type: 'invoice', id } });
    expect(await movesBy(id)).toHaveLength(1);
    expect(await inLedger(await truth())).toEqual(before);
  });

  it('are found again when they change, by what changed', async () => {
    const { id } = await book('bill.create', lines(5));
    await search();
    simulator.wall.now += 10_000;
    await book('bill.edit', { id, line: 0, quantity: 8 });
    expect((await search()).found).toMatchObject([{ type: 'bill', id }]);
    expect((await movesBy(id)).map(({ delta }) => delta)).toEqual([{ onHand: 5 }, { onHand: 3 }]);
    expect((await search()).found).toEqual([]);
  });

  it("fetched twice by one run within one of Zoho's seconds, are two versions if they differ", async () => {
    const { id, document } = await book('invoice.create', { ...lines(2), status: 'sent' });
    const syncRun = RUN;
    const first = await put({ event: 'updated', body: { invoice: document }, syncRun });
    expect(await outcomeOf(first.seq)).toMatchObject({ status: 'applied' });
    const second = await put({
      event: 'updated',
      body: { invoice: { ...document, status: 'void' } },
      syncRun,
    });
    expect(await outcomeOf(second.seq)).toMatchObject({ status: 'applied' });
    expect((await movesBy(id)).map(({ delta, cause }) => [delta, cause.id])).toEqual([
      [{ onHand: -2 }, `${RUN}:${first.seq}`],
      [{ onHand: 2 }, `${RUN}:${second.seq}`],
    ]);
  });
});
