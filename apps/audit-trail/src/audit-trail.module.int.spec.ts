import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { instantFrom, itemIdSchema, streamSeq, warehouseIdSchema } from '@tallystream/contracts';
import {
  JETSTREAM,
  type JetStreamConnection,
  JetStreamModule,
  JetStreamServer,
} from '@tallystream/jetstream';
import { openLedger } from '@tallystream/ledger';
import { loadConfig, NAMING, platformModule } from '@tallystream/platform';
import { balancesDatabase, Database, writeCatalogue } from '@tallystream/projection-store';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { AuditTrailModule } from './audit-trail.module';

jest.setTimeout(60_000);

const KEY = 'auditor-key-of-the-test';
const asOf = instantFrom(Date.UTC(2026, 0, 7));
const cause = { kind: 'sync', id: 'run', actor: 'reconciler' } as const;
const itemId = itemIdSchema.parse('pen');
const warehouseId = warehouseIdSchema.parse('main');

describe('the audit trail as a process, before any other', () => {
  const { natsUrl, databaseUrl } = testServers();
  const { namespace } = freshNaming();
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    const config = loadConfig([], {
      NATS_URL: natsUrl,
      DATABASE_URL: databaseUrl,
      NAMESPACE: namespace,
      API_KEYS: `books:auditor:${KEY}`,
      LOG_LEVEL: 'silent',
    });
    const root = {
      module: class App {},
      imports: [platformModule(config), JetStreamModule, AuditTrailModule],
    };
    app = await NestFactory.create(root, { logger: false });
    app.connectMicroservice({ strategy: app.get(JetStreamServer) });
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    const connection: JetStreamConnection = app.get(JETSTREAM);
    await connection.ready();
    const quantities = { onHand: 7, committed: 0, physicalOnHand: 7, physicalCommitted: 0, inTransit: 0 };
    const ledger = openLedger(connection, app.get(NAMING));
    await eventually(() => ledger.applyObservation({ itemId, warehouseId, asOf, quantities }, cause));
  });
  afterAll(async () => {
    await app.get(Database).query(`DROP SCHEMA "${namespace}" CASCADE`);
    await app.close();
  });

  const entries = async () => {
    const response = await fetch(`${url}/audit/events`, { headers: { 'x-api-key': KEY } });
    return JSON.parse(await response.text()).items;
  };

  it('shows events without names, and with them once the catalogue is there', async () => {
    await eventually(async () => expect(await entries()).toHaveLength(1));
    const [nameless] = await entries();
    expect(nameless).toMatchObject({ seq: 1, itemId, warehouseId, delta: { onHand: 7 } });
    expect(nameless).not.toHaveProperty('itemName');
    expect(nameless).not.toHaveProperty('warehouseName');

    const balances = balancesDatabase({ url: databaseUrl, schema: namespace });
    await balances.transaction((manager) =>
      writeCatalogue(manager, [
        {
          seq: streamSeq(1),
          event: {
            type: 'ItemCatalogued',
            data: { itemId, name: 'Pen', status: 'gone', tracksStock: true, cause, occurredAt: asOf },
          },
        },
        {
          seq: streamSeq(2),
          event: {
            type: 'WarehouseCatalogued',
            data: { warehouseId, name: 'Main', status: 'active', isPrimary: true, cause, occurredAt: asOf },
          },
        },
      ]),
    );
    await balances.onApplicationShutdown();
    expect(await entries()).toEqual([{ ...nameless, itemName: 'Pen', warehouseName: 'Main' }]);
  });
});
