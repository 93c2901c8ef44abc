import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  encodeEvent,
  instantFrom,
  itemIdSchema,
  type StockChanged,
  warehouseIdSchema,
  zero,
} from '@tallystream/contracts';
import {
  JETSTREAM,
  type JetStreamConnection,
  JetStreamModule,
  JetStreamServer,
  publishBatch,
} from '@tallystream/jetstream';
import { Health, loadConfig, platformModule } from '@tallystream/platform';
import { Database } from '@tallystream/projection-store';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { StockCacheModule } from '../stock-cache.module';
import { SIGNATURE, signatureOf } from './shop-calls';

jest.setTimeout(180_000);

const SECRET = 'the-secret-of-the-shop';
/** Until another replica has found out that it is its turn, or a closed shop is called again. */
const TAKEN_OVER_MS = 60_000;

describe('a web shop', () => {
  const { natsUrl, databaseUrl, redisUrl } = testServers();
  const naming = freshNaming();
  const running: INestApplication[] = [];
  let shop: Server;
  let isOpen = true;
  let told: { itemIds: string[]; seq: number }[] = [];
  let refused = 0;
  let revision = 0;

  const start = async (shopUrl?: string) => {
    const config = loadConfig([], {
      NATS_URL: natsUrl,
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      NAMESPACE: naming.namespace,
      SALES_WAREHOUSE_ID: 'main',
      LOG_LEVEL: 'silent',
      ...(shopUrl ? { REVALIDATE_URL: shopUrl, REVALIDATE_SECRET: SECRET } : {}),
    });
    const root = {
      module: class App {},
      imports: [platformModule(config), JetStreamModule, StockCacheModule],
    };
    const app = await NestFactory.create(root, { logger: false });
    app.connectMicroservice({ strategy: app.get(JetStreamServer) });
    await app.startAllMicroservices();
    await app.init();
    await app.get<JetStreamConnection>(JETSTREAM).ready();
    running.push(app);
    return app;
  };
  const stop = async (app: INestApplication) => {
    running.splice(running.indexOf(app), 1);
    await app.close();
  };
  const url = () => `http://127.0.0.1:${(shop.address() as AddressInfo).port}/`;

  const change = (app: INestApplication, ...items: readonly string[]) => {
    revision += 1;
    const messages = items.map((item) => {
      const data: StockChanged = {
        itemId: itemIdSchema.parse(item),
        warehouseId: warehouseIdSchema.parse('main'),
        revision,
        delta: { onHand: 1 },
        after: { ...zero, onHand: revision },
        provisional: false,
        reason: 'receipt',
        cause: { kind: 'webhook', id: '1', actor: 'zoho' },
        occurredAt: instantFrom(0),
      };
      const encoded = encodeEvent({ type: 'StockChanged', data }, { id: randomUUID(), time: instantFrom(0) });
      return { subject: naming.levelSubject(data), ...encoded };
    });
    return eventually(() => publishBatch(app.get(JETSTREAM), messages));
  };
  const isTold = (items: readonly string[], withinMs?: number) =>
    eventually(
      () => expect(new Set(told.flatMap(({ itemIds }) => itemIds))).toEqual(new Set(items)),
      withinMs,
    );

  beforeAll(async () => {
    shop = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(Buffer.from(chunk));
      const body = Buffer.concat(chunks).toString();
      const signature = String(request.headers[SIGNATURE]);
      const seconds = Number(/^t=(\d+)/.exec(signature)?.[1]);
      const isGenuine = signature === signatureOf(body, SECRET, seconds);
      if (isOpen && isGenuine) told.push(JSON.parse(body));
      else refused += 1;
      response.writeHead(isOpen && isGenuine ? 204 : 503).end();
    });
    await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  });
  beforeEach(() => {
    [told, refused, isOpen] = [[], 0, true];
  });
  afterEach(async () => {
    for (const app of [...running]) await stop(app);
  });
  afterAll(async () => {
    const app = await start();
    await app.get(Database).query(`DROP SCHEMA "${naming.schema}" CASCADE`);
    await stop(app);
    await new Promise((resolve) => shop.close(resolve));
  });

  it('that nobody named is not called, and nothing waits for it', async () => {
    const app = await start();
    await change(app, 'a', 'b');
    const { parts } = await app.get(Health).check();
    expect(parts).not.toHaveProperty('revalidation');
    const { consumers } = await app.get<JetStreamConnection>(JETSTREAM).manager();
    const names: string[] = [];
    for await (const { name } of consumers.list(naming.stream('STOCK'))) names.push(name);
    expect(names).not.toContain(naming.consumer('revalidation'));
  });

  it('is told of every item at first, then of those that change, and of none again after a restart', async () => {
    const app = await start(url());
    const all = Array.from({ length: 700 }, (_, n) => `item-${n}`);
    await change(app, ...all);
    await isTold(['a', 'b', ...all]);
    for (const { itemIds } of told) expect(itemIds.length).toBeLessThanOrEqual(500);

    told = [];
    const seq = await change(app, 'a', 'item-7', 'a');
    await isTold(['a', 'item-7']);
    expect(told.at(-1)?.seq).toBe(seq);
    await eventually(async () => expect(await kept(app)).toBe(seq));
    await stop(app);

    told = [];
    const again = await start(url());
    await change(again, 'b');
    await isTold(['b']);
  });

  it('that is closed is told when it opens again, of each item once, whoever asks then', async () => {
    isOpen = false;
    const first = await start(url());
    await change(first, 'a');
    await eventually(() => expect(refused).toBeGreaterThan(1), TAKEN_OVER_MS);
    const { parts } = await first.get(Health).check();
    expect(parts.revalidation).toMatchObject({ status: 'degraded', detail: expect.stringContaining('503') });
    for (let n = 0; n < 50; n += 1) await change(first, 'a', 'b', 'c');
    await stop(first);

    const second = await start(url());
    isOpen = true;
    await isTold(['a', 'b', 'c'], TAKEN_OVER_MS);
    expect(told.flatMap(({ itemIds }) => itemIds).length).toBeLessThanOrEqual(6);
    await eventually(async () =>
      expect((await second.get(Health).check()).parts.revalidation?.status).toBe('up'),
    );
  });

  it('is told by one replica, and by the other when that one has gone', async () => {
    const [one, two] = [await start(url()), await start(url())];
    await change(one, 'a', 'b');
    await isTold(['a', 'b']);
    expect(told.flatMap(({ itemIds }) => itemIds)).toHaveLength(2);
    const seq = told.at(-1)?.seq ?? 0;
    await eventually(async () => expect(await kept(one)).toBe(seq));
    await stop(one);
    told = [];
    await change(two, 'c');
    await isTold(['c'], TAKEN_OVER_MS);
  });

  const kept = async (app: INestApplication): Promise<number> => {
    const rows = await app
      .get(Database)
      .query<{ sequence: string }>('SELECT sequence FROM projection_checkpoints WHERE projection = $1', [
        'revalidation',
      ]);
    return Number(rows[0]?.sequence ?? 0);
  };
});
