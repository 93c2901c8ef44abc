import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type DocumentType,
  documentIdSchema,
  type Instant,
  instantFrom,
  itemIdSchema,
  warehouseIdSchema,
} from '@tallystream/contracts';
import {
  JETSTREAM,
  type JetStreamConnection,
  JetStreamModule,
  JetStreamServer,
  provisionStreams,
} from '@tallystream/jetstream';
import { type Ledger, openLedger } from '@tallystream/ledger';
import { loadConfig, platformModule } from '@tallystream/platform';
import { Database } from '@tallystream/projection-store';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { AuditTrailModule } from '../audit-trail.module';

const AUDITOR = 'auditor-key-of-the-test';
const READER = 'reader-key-of-the-test';

export type Answer = Readonly<{ status: number; body: Record<string, unknown> }>;

/** The audit trail as a process, over a ledger of its own. */
export const startAuditApp = async () => {
  const { natsUrl, databaseUrl } = testServers();
  const naming = freshNaming();
  const config = loadConfig([], {
    NATS_URL: natsUrl,
    DATABASE_URL: databaseUrl,
    NAMESPACE: naming.namespace,
    API_KEYS: `books:auditor:${AUDITOR},shop:reader:${READER}`,
    LOG_LEVEL: 'silent',
  });
  const root = {
    module: class App {},
    imports: [platformModule(config), JetStreamModule, AuditTrailModule],
  };
  const app: INestApplication = await NestFactory.create(root, { logger: false });
  app.connectMicroservice({ strategy: app.get(JetStreamServer) });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const connection: JetStreamConnection = app.get(JETSTREAM);
  const database = app.get(Database);
  await connection.ready();
  await provisionStreams(connection, naming);
  const ledger = openLedger(connection, naming);

  const fetchAudit = (path: string, init: RequestInit = {}, key = AUDITOR) =>
    fetch(`${url}/audit/${path}`, { ...init, headers: key ? { 'x-api-key': key } : {} });
  return {
    app,
    naming,
    connection,
    database,
    databaseUrl,
    ledger,
    readerKey: READER,
    fetch: fetchAudit,
    ask: async (path: string, key?: string): Promise<Answer> => {
      const response = await fetchAudit(path, {}, key);
      return { status: response.status, body: JSON.parse(await response.text()) };
    },
    /** Waits until the trail has taken so many events. */
    taken: (events: number) =>
      eventually(async () => {
        const [row] = await database.query<{ n: string }>('SELECT count(*) AS n FROM audit_events');
        if (Number(row?.n) !== events) throw new Error(`${row?.n} of ${events} events`);
      }, 30_000),
    stop: async () => {
      await database.query(`DROP SCHEMA "${naming.schema}" CASCADE`);
      await app.close();
    },
  };
};

export type AuditApp = Awaited<ReturnType<typeof startAuditApp>>;

export const pen = itemIdSchema.parse('pen');
export const ink = itemIdSchema.parse('ink');
export const main = warehouseIdSchema.parse('main');
export const shop = warehouseIdSchema.parse('shop');

export const minute = (n: number): Instant => instantFrom(Date.UTC(2026, 0, 7, 10, n));

export const observe = (ledger: Ledger, itemId: typeof pen, onHand: number) =>
  ledger.applyObservation(
    {
      itemId,
      warehouseId: main,
      asOf: minute(0),
      quantities: { onHand, committed: 0, physicalOnHand: onHand, physicalCommitted: 0, inTransit: 0 },
    },
    { kind: 'observation', id: 'o-1', actor: 'reconciler' },
  );

/** A document of one line for each item, which takes one of it out of the warehouse. */
export const sell = (ledger: Ledger, id: string, version: number, items: readonly (typeof pen)[]) =>
  ledger.applyDocument(
    {
      id: documentIdSchema.parse(id),
      type: 'invoice' satisfies DocumentType,
      number: `INV-${id}`,
      status: 'sent',
      deleted: false,
      createdAt: minute(5),
      modifiedAt: minute(version),
      lines: items.map((itemId) => ({ itemId, warehouseId: main, quantity: version })),
    },
    { kind: 'webhook', id: `${id}-${version}`, actor: 'zoho' },
  );
