import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import {
  type Dispute,
  driftIdSchema,
  encodeEvent,
  instantFrom,
  itemIdSchema,
  type Naming,
  type StockChanged,
  streamSeq,
  warehouseIdSchema,
  zero,
} from '@tallystream/contracts';
import {
  JETSTREAM,
  type JetStreamConnection,
  JetStreamModule,
  JetStreamServer,
  publish,
} from '@tallystream/jetstream';
import { loadConfig, NAMING, platformModule } from '@tallystream/platform';
import { Database, writeBalances } from '@tallystream/projection-store';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import Redis from 'ioredis';
import { cleanupOpenApiDoc } from 'nestjs-zod';
import { StockCacheModule } from './stock-cache.module';

jest.setTimeout(60_000);

const KEY = 'reader-key-of-the-test';
const main = warehouseIdSchema.parse('main');
const at = (seconds: number) => instantFrom(Date.UTC(2026, 0, 7) + seconds * 1000);
const dispute = (difference: Dispute['difference'], side: Dispute['side'] = 'accounting'): Dispute => ({
  driftId: driftIdSchema.parse(`drift-${side}`),
  side,
  difference,
  zoho: {},
  since: at(0),
});

/** What levels may be like, and what is to be said of each; nothing: unavailable. */
const cases: readonly Readonly<{
  item: string;
  level: Partial<StockChanged>;
  said?: Readonly<{ stock: number; disputed?: { zoho: number } }>;
}>[] = [
  { item: 'agreed', level: { after: { ...zero, onHand: 120, reserved: 5 } }, said: { stock: 115 } },
  {
    item: 'zoho-less',
    level: { after: { ...zero, onHand: 120.3, reserved: 5 }, disputed: [dispute({ onHand: -100.1 })] },
    said: { stock: 15.2, disputed: { zoho: 15.2 } },
  },
  {
    item: 'zoho-more',
    level: { after: { ...zero, onHand: 120, committed: 4 }, disputed: [dispute({ onHand: 40 })] },
    said: { stock: 116, disputed: { zoho: 156 } },
  },
  {
    item: 'below-nothing',
    level: { after: { ...zero, onHand: 3 }, disputed: [dispute({ onHand: -5, committed: 0.000001 })] },
    said: { stock: -2.000001, disputed: { zoho: -2.000001 } },
  },
  {
    item: 'tolerated',
    level: {
      after: { ...zero, onHand: 120 },
      tolerated: { onHand: 40 },
      disputed: [dispute({ onHand: -100 })],
    },
    said: { stock: 60, disputed: { zoho: 60 } },
  },
  {
    item: 'on-the-shelf',
    level: { after: { ...zero, onHand: 7 }, disputed: [dispute({ physicalOnHand: -7 }, 'physical')] },
    said: { stock: 7 },
  },
  {
    item: 'doubtful',
    level: { after: { ...zero, onHand: 7 }, provisional: true, disputed: [dispute({ onHand: -5 })] },
  },
];

describe('the stock of a disputed level', () => {
  const { natsUrl, databaseUrl, redisUrl } = testServers();
  const { namespace } = freshNaming();
  let redis: Redis;
  let app: INestApplication;
  let url: string;
  let naming: Naming;

  const eventOf = (item: string, revision: number, level: Partial<StockChanged>): StockChanged => ({
    itemId: itemIdSchema.parse(item),
    warehouseId: main,
    revision,
    delta: {},
    after: zero,
    provisional: false,
    baselineAsOf: at(0),
    reason: 'reconciliation',
    cause: { kind: 'sync', id: 'run', actor: 'reconciler' },
    occurredAt: at(revision),
    ...level,
  });
  /** Into the stream, from which the cache is filled, and into Postgres, as the balances would. */
  const record = async (data: StockChanged): Promise<void> => {
    const connection: JetStreamConnection = app.get(JETSTREAM);
    const encoded = encodeEvent({ type: 'StockChanged', data }, { id: randomUUID(), time: at(0) });
    const { seq } = await publish(connection, { subject: naming.levelSubject(data), ...encoded });
    await app
      .get(Database)
      .transaction((manager) => writeBalances(manager, [{ data, seq: streamSeq(seq), storedAt: at(0) }]));
  };
  const ask = async (item: string) => {
    const response = await fetch(`${url}/stock/${item}`, { headers: { 'x-api-key': KEY } });
    return JSON.parse(await response.text());
  };
  const isCached = (item: string, revision: number) =>
    eventually(async () =>
      expect(await redis.hget(naming.levelStockKey(itemIdSchema.parse(item), main), 'revision')).toBe(
        String(revision),
      ),
    );
  /** What both stores say, the cache first. */
  const bothSay = async (item: string) => {
    const itemId = itemIdSchema.parse(item);
    const cached = await ask(item);
    const key = naming.redisKey(`stock-cache:level:${itemId}:${main}`);
    await redis.rename(key, `${key}:aside`);
    const stored = await ask(item);
    await redis.rename(`${key}:aside`, key);
    return [cached, stored];
  };

  beforeAll(async () => {
    redis = new Redis(redisUrl);
    const config = loadConfig([], {
      NATS_URL: natsUrl,
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      NAMESPACE: namespace,
      SALES_WAREHOUSE_ID: 'main',
      API_KEYS: `shop:reader:${KEY}`,
      LOG_LEVEL: 'silent',
    });
    const root = {
      module: class App {},
      imports: [platformModule(config), JetStreamModule, StockCacheModule],
    };
    app = await NestFactory.create(root, { logger: false });
    app.connectMicroservice({ strategy: app.get(JetStreamServer) });
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    naming = app.get(NAMING);
    await app.get<JetStreamConnection>(JETSTREAM).ready();
    await eventually(() => record(eventOf('first', 1, {})));
    for (const { item, level } of cases) await record(eventOf(item, 2, level));
    for (const { item } of cases) await isCached(item, 2);
  });
  afterAll(async () => {
    await app.get(Database).query(`DROP SCHEMA "${namespace}" CASCADE`);
    await app.close();
    const keys = await redis.keys(`${namespace}:*`);
    if (keys.length > 0) await redis.unlink(...keys);
    redis.disconnect();
  });

  it.each(cases)('$item: the same from the cache, the balances and the bare key', async (given) => {
    const { item, level, said } = given;
    const ref = { itemId: item, warehouseId: 'main' };
    const from = (source: 'cache' | 'balances') =>
      said
        ? { ...ref, ...said, source, quantities: level.after, revision: 2, asOf: at(0) }
        : { ...ref, stock: null, source: 'unavailable', message: 'Check availability' };
    expect(await bothSay(item)).toEqual([from('cache'), from('balances')]);
    const bare = await redis.get(naming.stockKey(itemIdSchema.parse(item)));
    expect(bare).toBe(said ? String(said.stock) : null);
  });

  it('says so until it is decided, and moves with the documents meanwhile', async () => {
    const disputed = [dispute({ onHand: -100 })];
    await record(eventOf('moving', 1, { after: { ...zero, onHand: 120 }, disputed }));
    await record(eventOf('moving', 2, { after: { ...zero, onHand: 117 }, disputed }));
    await isCached('moving', 2);
    for (const answer of await bothSay('moving'))
      expect(answer).toMatchObject({ stock: 17, disputed: { zoho: 17 }, quantities: { onHand: 117 } });
    await record(eventOf('moving', 3, { after: { ...zero, onHand: 17 } }));
    await isCached('moving', 3);
    for (const answer of await bothSay('moving')) {
      expect(answer).toMatchObject({ stock: 17, quantities: { onHand: 17 } });
      expect(answer).not.toHaveProperty('disputed');
    }
  });

  it('is described', () => {
    const document = cleanupOpenApiDoc(
      SwaggerModule.createDocument(app, new DocumentBuilder().setOpenAPIVersion('3.1.0').build()),
    );
    expect(document.components?.schemas?.StockDto_Output).toMatchObject({
      required: ['itemId', 'warehouseId', 'stock', 'source'],
      properties: {
        disputed: { type: 'object', properties: { zoho: { type: 'number' } }, required: ['zoho'] },
      },
    });
  });
});
