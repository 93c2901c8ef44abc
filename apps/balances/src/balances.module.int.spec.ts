import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { type Catalogue, openCatalogue } from '@tallystream/catalogue';
import {
  driftIdSchema,
  encodeEvent,
  type ItemCatalogued,
  instantFrom,
  itemIdSchema,
  type LevelRef,
  type Naming,
  type StockChanged,
  warehouseIdSchema,
} from '@tallystream/contracts';
import {
  JETSTREAM,
  type JetStreamConnection,
  JetStreamModule,
  JetStreamServer,
  publish,
} from '@tallystream/jetstream';
import { type Ledger, openLedger } from '@tallystream/ledger';
import { loadConfig, NAMING, platformModule } from '@tallystream/platform';
import { Database } from '@tallystream/projection-store';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { BalancesModule } from './balances.module';

jest.setTimeout(60_000);

const KEY = 'reader-key-of-the-test';
const asOf = instantFrom(Date.UTC(2026, 0, 7));
const later = instantFrom(Date.UTC(2026, 0, 8));
const cause = { kind: 'sync', id: 'run', actor: 'reconciler' } as const;
const main = warehouseIdSchema.parse('main');
const level = (item: string): LevelRef => ({ itemId: itemIdSchema.parse(item), warehouseId: main });
const pen: ItemCatalogued = {
  itemId: itemIdSchema.parse('pen'),
  name: 'Ballpoint pen',
  arabicName: 'قلم حبر',
  sku: 'PEN-1',
  status: 'active',
  reorderLevel: 10,
  tracksStock: true,
  cause,
  occurredAt: asOf,
};

describe('balances as a process', () => {
  const { natsUrl, databaseUrl } = testServers();
  const { namespace } = freshNaming();
  let app: INestApplication;
  let url: string;
  let ledger: Ledger;
  let catalogue: Catalogue;

  const start = async (): Promise<void> => {
    const config = loadConfig([], {
      NATS_URL: natsUrl,
      DATABASE_URL: databaseUrl,
      NAMESPACE: namespace,
      API_KEYS: `shop:reader:${KEY}`,
      LOG_LEVEL: 'silent',
    });
    const root = { module: class App {}, imports: [platformModule(config), JetStreamModule, BalancesModule] };
    app = await NestFactory.create(root, { logger: false });
    app.connectMicroservice({ strategy: app.get(JetStreamServer) });
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    const naming: Naming = app.get(NAMING);
    const connection: JetStreamConnection = app.get(JETSTREAM);
    await connection.ready();
    ledger = openLedger(connection, naming);
    catalogue = openCatalogue(connection, naming);
  };
  const ask = async (path: string, key = KEY) => {
    const response = await fetch(`${url}/${path}`, { headers: { 'x-api-key': key } });
    return { status: response.status, body: JSON.parse(await response.text()) };
  };
  const observe = (item: string, onHand: number) =>
    ledger.applyObservation(
      {
        ...level(item),
        asOf,
        quantities: { onHand, committed: 0, physicalOnHand: onHand, physicalCommitted: 0, inTransit: 0 },
      },
      cause,
    );

  beforeAll(async () => {
    await start();
    await eventually(() =>
      catalogue.record(
        [pen],
        [
          {
            warehouseId: main,
            name: 'Main WareHouse',
            status: 'active',
            isPrimary: true,
            cause,
            occurredAt: asOf,
          },
        ],
      ),
    );
    await observe('pen', 7);
    await observe('ink', 20);
    await eventually(async () => {
      expect((await ask('balances')).body.items).toHaveLength(2);
      expect((await ask('warehouses')).body.items).toHaveLength(1);
      expect((await ask('balances?q=pen')).body.items).toHaveLength(1);
    });
  });
  afterAll(async () => {
    await app.get(Database).query(`DROP SCHEMA "${namespace}" CASCADE`);
    await app.close();
  });

  const quantities = (onHand: number) => ({
    onHand,
    committed: 0,
    physicalOnHand: onHand,
    physicalCommitted: 0,
    inTransit: 0,
    reserved: 0,
  });
  const penLevel = {
    itemId: 'pen',
    itemName: 'Ballpoint pen',
    arabicName: 'قلم حبر',
    sku: 'PEN-1',
    warehouseId: 'main',
    warehouseName: 'Main WareHouse',
    stock: 7,
    quantities: quantities(7),
    provisional: false,
    revision: 1,
    seq: 1,
    asOf,
    occurredAt: asOf,
    recordedAt: expect.any(String),
  };

  it('answers with names, and without those that nobody knows', async () => {
    const { status, body } = await ask('balances');
    expect(status).toBe(200);
    expect(body).toEqual({
      items: [
        {
          itemId: 'ink',
          warehouseId: 'main',
          warehouseName: 'Main WareHouse',
          stock: 20,
          quantities: quantities(20),
          provisional: false,
          revision: 1,
          seq: 2,
          asOf,
          occurredAt: asOf,
          recordedAt: expect.any(String),
        },
        penLevel,
      ],
      nextCursor: null,
    });
  });

  it.each([
    ['q=ball', ['pen']],
    [`q=${encodeURIComponent('قلم')}`, ['pen']],
    ['q=pen-1&warehouse=main', ['pen']],
    ['q=ink', []],
    ['sku=PEN-1', ['pen']],
    ['status=low', ['pen']],
    ['status=in', ['ink', 'pen']],
    ['status=out', []],
  ])('balances?%s finds %j', async (query, expected) => {
    const { status, body } = await ask(`balances?${query}`);
    expect(status).toBe(200);
    expect(body.items.map(({ itemId }: { itemId: string }) => itemId)).toEqual(expected);
  });

  it('shows the levels of one item', async () => {
    expect(await ask('items/pen/balances')).toEqual({
      status: 200,
      body: { items: [penLevel], nextCursor: null },
    });
    expect((await ask('items/pencil/balances')).body).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('shows the warehouses', async () => {
    expect((await ask('warehouses')).body).toEqual({
      items: [{ warehouseId: 'main', name: 'Main WareHouse', status: 'active', isPrimary: true, asOf }],
      nextCursor: null,
    });
  });

  it.each([
    ['balances?q=', 'q'],
    ['balances?q=--', 'q'],
    ['balances?q=pen%00', 'q'],
    [`balances?q=${'a'.repeat(201)}`, 'q'],
    ['balances?status=few', 'status'],
    ['balances?colour=red', 'colour'],
    ['items/a.b/balances', 'itemId'],
    ['items/pen/balances?warehouse=main', 'warehouse'],
    ['items/pen/balances?cursor=forged', 'cursor'],
    ['warehouses?limit=0', 'limit'],
    ['warehouses?limit=501', 'limit'],
    ['warehouses?cursor=forged', 'cursor'],
    ['warehouses?q=main', 'q'],
  ])('%s: 400, naming %s', async (path, field) => {
    const { status, body } = await ask(path);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'invalid_request', errors: [{ path: field }] });
  });

  it('asks for a key', async () => {
    for (const path of ['balances', 'items/pen/balances', 'warehouses']) {
      expect((await ask(path, 'not-one-of-ours')).status).toBe(401);
    }
  });

  it('says which level is disputed, and what may be sold of it until somebody decides', async () => {
    const connection: JetStreamConnection = app.get(JETSTREAM);
    const naming: Naming = app.get(NAMING);
    const glue = level('glue');
    const data: StockChanged = {
      ...glue,
      revision: 1,
      delta: {},
      after: { ...quantities(120), reserved: 5 },
      provisional: false,
      baselineAsOf: asOf,
      disputed: [
        {
          driftId: driftIdSchema.parse('d-1'),
          side: 'accounting',
          difference: { onHand: -119.5 },
          zoho: { onHand: 0.5 },
          since: asOf,
        },
      ],
      reason: 'reconciliation',
      cause,
      occurredAt: asOf,
    };
    await publish(connection, {
      subject: naming.levelSubject(glue),
      ...encodeEvent({ type: 'StockChanged', data }, { id: randomUUID(), time: asOf }),
    });
    await eventually(async () =>
      expect((await ask('balances?item=glue')).body.items).toMatchObject([
        { stock: -4.5, disputed: { zoho: -4.5 }, quantities: { onHand: 120 } },
      ]),
    );
    expect((await ask('balances?status=out')).body.items).toMatchObject([{ itemId: 'glue' }]);
    const { body } = await ask('items/pen/balances');
    expect(body.items[0]).not.toHaveProperty('disputed');
  });

  it('describes itself', () => {
    const { paths, components } = SwaggerModule.createDocument(
      app,
      new DocumentBuilder().setOpenAPIVersion('3.1.0').build(),
    );
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['/balances', '/items/{itemId}/balances', '/warehouses']),
    );
    expect(components?.schemas?.BalancesDto_Output).toMatchObject({
      properties: {
        items: {
          items: {
            properties: { disputed: { properties: { zoho: { type: 'number' } }, required: ['zoho'] } },
          },
        },
      },
    });
  });

  it('goes on after a restart where it stood, and knows an item that has no level', async () => {
    await app.close();
    await start();
    const paper = { ...pen, itemId: itemIdSchema.parse('paper'), name: 'Paper' };
    await eventually(() => catalogue.record([paper, { ...pen, name: 'Gel pen', occurredAt: later }]));
    await eventually(async () => {
      expect((await ask('balances?q=gel')).body.items).toMatchObject([
        { itemId: 'pen', itemName: 'Gel pen' },
      ]);
    });
    expect(await ask('items/paper/balances')).toEqual({ status: 200, body: { items: [], nextCursor: null } });
  });
});
