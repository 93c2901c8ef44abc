import {
  type CatalogueEvent,
  driftIdSchema,
  instantFrom,
  itemIdSchema,
  type StockChanged,
  streamSeq,
  warehouseIdSchema,
  zero,
} from '@tallystream/contracts';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { removeData, startPostgres, temporaryData } from '../../../deploy/local/servers';
import { CreateAuditEvents1767225600002 } from './audit-trail/create-audit-events.migration';
import { CreateBalances1767225600001 } from './balances/create-balances.migration';
import { CreateCatalogue1767225600004 } from './catalogue/create-catalogue.migration';
import {
  type AuditFilter,
  auditDatabase,
  balancesDatabase,
  CreateCheckpoints,
  Database,
  driftDatabase,
  findBalance,
  listAuditEvents,
  listBalances,
  listDrifts,
  listWarehouses,
  listWebhooks,
  PostgresProjection,
  readCheckpoint,
  webhookLogDatabase,
  writeBalances,
  writeCatalogue,
} from './index';

jest.setTimeout(120_000);

const page = { limit: 10, order: 'desc' } as const;
const webhookLog = (url: string, schema: string) => webhookLogDatabase({ url, schema });

describe('migrations', () => {
  const { databaseUrl: url } = testServers();
  const { schema } = freshNaming();
  const opened: Database[] = [];
  const open = (database: Database): Database => {
    opened.push(database);
    return database;
  };
  const balances = () => open(balancesDatabase({ url, schema }));

  afterAll(async () => {
    await balances().query(`DROP SCHEMA "${schema}" CASCADE`);
    await Promise.all(opened.map((database) => database.onApplicationShutdown()));
  });

  it('of one owner run once when two processes open a fresh schema at the same time', async () => {
    let runs = 0;
    class Counted1767225700000 implements MigrationInterface {
      async up(runner: QueryRunner): Promise<void> {
        runs += 1;
        await runner.query('CREATE TABLE counted (run integer); INSERT INTO counted VALUES (1)');
      }
      async down(): Promise<void> {}
    }
    const parts = { url, schema, owner: 'counted', entities: [], migrations: [Counted1767225700000] };
    const replicas = [open(new Database(parts)), open(new Database(parts))];
    const rows = await Promise.all(replicas.map((replica) => replica.query('SELECT run FROM counted')));
    expect(rows).toEqual([[{ run: 1 }], [{ run: 1 }]]);
    expect(runs).toBe(1);
  });

  it('of all owners share a schema, opened by all of them at once', async () => {
    const all = [
      balances(),
      open(auditDatabase({ url, schema })),
      open(webhookLog(url, schema)),
      balances(),
      open(auditDatabase({ url, schema })),
      open(driftDatabase({ url, schema })),
      open(driftDatabase({ url, schema })),
    ];
    await Promise.all(all.map((database) => database.ready()));
    const tables = await balances().query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = '${schema}' ORDER BY 1`,
    );
    expect(tables.map(({ name }) => name)).toEqual([
      'audit_blocks',
      'audit_events',
      'balances',
      'counted',
      'drifts',
      'items',
      'migrations_audit_trail',
      'migrations_balances',
      'migrations_counted',
      'migrations_drift',
      'migrations_ingress',
      'projection_checkpoints',
      'warehouses',
      'webhook_log',
    ]);
  });

  it('leave a schema with data as it is when they run again', async () => {
    await balances().query(`
      INSERT INTO balances VALUES ('main', 'pen', NULL, 1.5, 0, 0, 0, 0, 0, false, 7, 9, NULL, now(), now());
      INSERT INTO projection_checkpoints VALUES ('balances', 9)`);
    const again = balances();
    const { items } = await listBalances(again, page);
    expect(items).toMatchObject([{ itemId: 'pen', revision: 7, quantities: { onHand: 1.5 } }]);
    expect(await readCheckpoint(again, 'balances')).toBe(9);
    const ran = await again.query<{ name: string }>('SELECT name FROM migrations_balances ORDER BY id');
    expect(ran.map(({ name }) => name)).toEqual([
      'CreateCheckpoints1767225600000',
      'CreateBalances1767225600001',
      'CreateCatalogue1767225600004',
      'AddDisputed1795219200001',
      'AddCheckpointVersion1795305600000',
    ]);
  });
});

describe('a schema from before the catalogue', () => {
  const { databaseUrl: url } = testServers();
  const { schema } = freshNaming();
  const opened: Database[] = [];
  const open = (database: Database): Database => {
    opened.push(database);
    return database;
  };

  afterAll(async () => {
    await opened[0]?.query(`DROP SCHEMA "${schema}" CASCADE`);
    await Promise.all(opened.map((database) => database.onApplicationShutdown()));
  });

  it('keeps its levels and its trail, finds all of it, and gets the catalogue from whoever comes first', async () => {
    const asItWas = [
      { owner: 'balances', migrations: [CreateCheckpoints, CreateBalances1767225600001] },
      { owner: 'audit_trail', migrations: [CreateCheckpoints, CreateAuditEvents1767225600002] },
    ].map((parts) => open(new Database({ url, schema, entities: [], ...parts })));
    const [balancesThen, auditThen] = asItWas;
    await balancesThen?.query(
      `INSERT INTO balances VALUES ('main', 'pen', NULL, 1.5, 0, 0, 0, 0, 0, false, 7, 9, NULL, now(), now())`,
    );
    await auditThen?.query(`
      CREATE TABLE audit_events_all PARTITION OF audit_events DEFAULT;
      INSERT INTO audit_events VALUES (9, 'e-9', 'StockChanged', 'com.tallystream.stock.changed.v1', 's', 'pen', 'main',
        7, 'sale', NULL, NULL, 'webhook', '1', 'zoho', now(), now(),
        '{"itemId":"pen","warehouseId":"main","cause":{"kind":"webhook","id":"1","actor":"zoho"}}', 'h');
      INSERT INTO audit_events VALUES (8, 'e-8', 'DriftResolved', 'com.tallystream.stock.drift-resolved.v1', 's', NULL, NULL,
        NULL, NULL, NULL, NULL, 'drift', 'd', 'alice', now(), now(),
        '{"itemId":"pen","warehouseId":"main","cause":{"kind":"drift","id":"d","actor":"alice"}}', 'h')`);

    const audit = open(auditDatabase({ url, schema }));
    const seqs = async (filter: Partial<AuditFilter>) =>
      (await listAuditEvents(audit, { ...page, ...filter })).items.map(({ seq }) => seq);
    expect(await seqs({})).toEqual([9, 8]);
    expect(await seqs({ item: itemIdSchema.parse('pen') })).toEqual([9, 8]);
    expect(await seqs({ warehouse: warehouseIdSchema.parse('main') })).toEqual([9, 8]);
    expect(await seqs({ actor: 'alice' })).toEqual([8]);
    expect(await seqs({ reason: 'sale' })).toEqual([9]);
    for (const change of ['UPDATE audit_events SET hash = hash', 'DELETE FROM audit_events'])
      await expect(audit.query(change)).rejects.toMatchObject({ code: '42501' });
    const balances = open(balancesDatabase({ url, schema }));
    await balances.transaction((manager) =>
      writeCatalogue(manager, [{ event: penCatalogued, seq: streamSeq(1) }]),
    );
    expect((await listBalances(balances, page)).items).toMatchObject([{ revision: 7, itemName: 'Pen' }]);
    const named = [
      { seq: 9, itemName: 'Pen' },
      { seq: 8, itemName: 'Pen' },
    ];
    expect((await listAuditEvents(audit, page)).items).toMatchObject(named);
  });
});

describe('a schema from before drifts', () => {
  const { databaseUrl: url } = testServers();
  const { schema } = freshNaming();
  const opened: Database[] = [];
  const open = (database: Database): Database => {
    opened.push(database);
    return database;
  };

  afterAll(async () => {
    await opened[0]?.query(`DROP SCHEMA "${schema}" CASCADE`);
    await Promise.all(opened.map((database) => database.onApplicationShutdown()));
  });

  it('keeps its levels, which nobody disputes, while the process before goes on writing them', async () => {
    const migrations = [CreateCheckpoints, CreateBalances1767225600001, CreateCatalogue1767225600004];
    const before = open(new Database({ url, schema, owner: 'balances', entities: [], migrations }));
    await before.query(
      `INSERT INTO balances VALUES ('main', 'pen', 'P', 1.5, 0, 0, 0, 0, 0, false, 7, 9, NULL, now(), now())`,
    );
    const balances = open(balancesDatabase({ url, schema }));
    const [pen] = (await listBalances(balances, { ...page, status: 'in' })).items;
    expect(pen).toMatchObject({ revision: 7, quantities: { onHand: 1.5 } });
    expect(pen).not.toHaveProperty('disputed');
    await before.query('UPDATE balances SET on_hand = 0, revision = 8');
    expect((await listBalances(balances, { ...page, status: 'out' })).items).toHaveLength(1);

    const at = instantFrom(Date.UTC(2026, 0, 7));
    const ref = { itemId: itemIdSchema.parse('pen'), warehouseId: warehouseIdSchema.parse('main') };
    const changed: StockChanged = {
      ...ref,
      revision: 9,
      delta: {},
      after: { ...zero, onHand: 120 },
      provisional: false,
      disputed: [
        {
          driftId: driftIdSchema.parse('d-1'),
          side: 'accounting',
          difference: { onHand: -20 },
          zoho: { onHand: 100 },
          since: at,
        },
      ],
      reason: 'reconciliation',
      cause: { kind: 'sync', id: 'run', actor: 'reconciler' },
      occurredAt: at,
    };
    await balances.transaction((manager) =>
      writeBalances(manager, [{ data: changed, seq: streamSeq(10), storedAt: at }]),
    );
    expect(await findBalance(balances, ref)).toMatchObject({ sku: 'P', disputed: { zoho: 100 } });
    expect((await listDrifts(open(driftDatabase({ url, schema })), page)).items).toEqual([]);
  });
});

const penCatalogued: CatalogueEvent = {
  type: 'ItemCatalogued',
  data: {
    itemId: itemIdSchema.parse('pen'),
    name: 'Pen',
    status: 'active',
    tracksStock: true,
    cause: { kind: 'sync', id: 'run', actor: 'reconciler' },
    occurredAt: instantFrom(0),
  },
};

describe('a Postgres that goes away', () => {
  const schema = 'away';
  let data: string;
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let balances: Database;
  let audit: Database;
  let log: Database;
  let drifts: Database;
  let projection: PostgresProjection;

  beforeAll(async () => {
    data = temporaryData();
    server = await startPostgres({ dataDir: data, quiet: true });
    const { url } = server;
    balances = balancesDatabase({ url, schema });
    audit = auditDatabase({ url, schema });
    log = webhookLog(url, schema);
    drifts = driftDatabase({ url, schema });
    projection = new PostgresProjection(balances, {
      projection: 'away',
      begin: () => ({ write: async () => undefined }),
    });
    await Promise.all([balances, audit, log, drifts].map((database) => database.ready()));
  });
  afterAll(async () => {
    server.resume();
    await projection?.onApplicationShutdown();
    await Promise.all([balances, audit, log, drifts].map((database) => database?.onApplicationShutdown()));
    await server?.stop();
    removeData(data);
  });

  const { signal } = new AbortController();
  const level = { itemId: 'pen', warehouseId: 'main' } as Parameters<typeof findBalance>[1];
  const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['a query', () => balances.query('SELECT 1')],
    ['a transaction', () => balances.transaction((manager) => manager.query('SELECT 1'))],
    ['the list of balances', () => listBalances(balances, page)],
    ['the list of warehouses', () => listWarehouses(balances, page)],
    ['one balance', () => findBalance(balances, level)],
    ['the audit trail', () => listAuditEvents(audit, page)],
    ['the webhook log', () => listWebhooks(log, page)],
    ['the drifts', () => listDrifts(drifts, page)],
    ['a checkpoint', () => readCheckpoint(balances, 'away')],
  ];

  const refusedWithin = async (millis: number, work: () => Promise<unknown>) => {
    const began = performance.now();
    await expect(work()).rejects.toMatchObject({
      name: 'Problem',
      code: 'store_unavailable',
      retryAfterSeconds: 5,
    });
    expect(performance.now() - began).toBeLessThan(millis);
  };
  const works = () =>
    eventually(async () => {
      for (const [, call] of calls) await call();
    }, 20_000);

  it('killed: every call says so within 4 s, a start too, and all work again when it is back', async () => {
    await works();
    const inFlight = refusedWithin(20_000, () => balances.query('SELECT pg_sleep(4)'));
    await eventually(async () => {
      const active = await audit.query(`SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(4)'`);
      expect(active).toHaveLength(1);
    });
    await server.kill();
    await inFlight;
    // Twice: the first call may meet a connection of the pool that has just died, the second has none.
    for (let n = 0; n < 2; n += 1) {
      for (const [, call] of calls) await refusedWithin(4_000, call);
    }
    await refusedWithin(4_000, () => projection.start(signal));
    await refusedWithin(4_000, () => balancesDatabase({ url: server.url, schema }).ready());
    await server.restart();
    await works();
    expect(await eventually(() => projection.start(signal))).toMatchObject({ after: 0 });
  });

  it('frozen, with warm connections: every call answers within 6 s, and all work again', async () => {
    await works();
    server.pause();
    try {
      await Promise.all(calls.map(([, call]) => refusedWithin(6_500, call)));
      // And again, now that the pool's connections wait for answers that do not come.
      await Promise.all(calls.map(([, call]) => refusedWithin(6_500, call)));
    } finally {
      server.resume();
    }
    await works();
  });

  it('frozen, without a connection yet: the first use answers within 4 s', async () => {
    const cold = balancesDatabase({ url: server.url, schema });
    server.pause();
    try {
      await refusedWithin(4_000, () => cold.query('SELECT 1'));
    } finally {
      server.resume();
    }
    expect(await eventually(() => readCheckpoint(cold, 'away'))).toBe(streamSeq(0));
    await cold.onApplicationShutdown();
  });
});
