import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { instantFrom, itemIdSchema, type Naming, warehouseIdSchema } from '@tallystream/contracts';
import {
  JETSTREAM,
  type JetStreamConnection,
  JetStreamModule,
  JetStreamServer,
} from '@tallystream/jetstream';
import { type Ledger, openLedger } from '@tallystream/ledger';
import { loadConfig, NAMING, platformModule } from '@tallystream/platform';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import Redis from 'ioredis';
import { CacheRefresh } from './cache-refresh';
import { UnifiedStock } from './reads/unified-stock';
import { StockCacheModule } from './stock-cache.module';

jest.setTimeout(120_000);

const REFILLED_WITHIN_MS = 20_000;
const items = Array.from({ length: 30 }, (_, n) => itemIdSchema.parse(`item-${n}`));
const [main, shop] = [warehouseIdSchema.parse('main'), warehouseIdSchema.parse('shop')];

describe('the stock cache as a process', () => {
  const { natsUrl, databaseUrl, redisUrl } = testServers();
  const { namespace } = freshNaming();
  let redis: Redis;
  let app: INestApplication;
  let naming: Naming;
  let ledger: Ledger;

  const start = async (salesWarehouse: string): Promise<void> => {
    const config = loadConfig([], {
      NATS_URL: natsUrl,
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      NAMESPACE: namespace,
      SALES_WAREHOUSE_ID: salesWarehouse,
      LOG_LEVEL: 'silent',
    });
    const root = {
      module: class App {},
      imports: [platformModule(config), JetStreamModule, StockCacheModule],
    };
    app = await NestFactory.create(root, { logger: false });
    app.connectMicroservice({ strategy: app.get(JetStreamServer) });
    await app.startAllMicroservices();
    await app.init();
    naming = app.get(NAMING);
    const connection: JetStreamConnection = app.get(JETSTREAM);
    await connection.ready();
    ledger = openLedger(connection, naming);
  };
  const observe = (onHand: number, second: number, warehouseId = main) =>
    Promise.all(
      items.map((itemId) =>
        ledger.applyObservation(
          {
            itemId,
            warehouseId,
            asOf: instantFrom(Date.UTC(2026, 0, 7, 0, 0, second)),
            quantities: { onHand, committed: 0, physicalOnHand: onHand, physicalCommitted: 0, inTransit: 0 },
          },
          { kind: 'observation', id: `o-${second}`, actor: 'reconciler' },
        ),
      ),
    );
  const shows = (number: number) =>
    eventually(async () => {
      const numbers = await redis.mget(items.map((itemId) => naming.stockKey(itemId)));
      expect(numbers).toEqual(items.map(() => String(number)));
    }, REFILLED_WITHIN_MS);
  const emptyRedis = async () => {
    const keys = await redis.keys(`${namespace}:*`);
    expect(keys.length).toBeGreaterThan(0);
    await redis.unlink(...keys);
  };

  beforeAll(async () => {
    redis = new Redis(redisUrl);
    await start('main');
    await eventually(() => observe(7, 1));
  });
  afterAll(async () => {
    // The streams stay: nats-server 2.14.0 refuses a new one (10049) while it deletes the last one of an account.
    await app.close();
    await emptyRedis().catch(() => undefined);
    redis.disconnect();
  });

  it('shows what the ledger says', async () => {
    await shows(7);
    const [itemId] = items;
    if (!itemId) throw new Error('there are no items');
    expect(await app.get(UnifiedStock).read([itemId])).toMatchObject([
      { stock: 7, source: 'cache', revision: 1 },
    ]);
  });

  it('fills a Redis that is emptied while nothing else happens, and then goes on', async () => {
    await emptyRedis();
    await shows(7);
    await observe(8, 2);
    await shows(8);
  });

  it('fills a Redis that is emptied under way: no level is left out', async () => {
    const writing = observe(9, 3);
    await emptyRedis();
    await writing;
    await shows(9);
    await emptyRedis();
    await observe(10, 4);
    await shows(10);
  });

  describe('refreshed', () => {
    const [first, second] = items;
    if (!first || !second) throw new Error('there are too few items');
    const stray = () => naming.redisKey('stock:nobody');
    /** Evicted, changed by others, about to expire; and a number that the ledger does not know. */
    const spoil = async () => {
      await redis.unlink(naming.stockKey(first), naming.levelStockKey(first, main));
      await redis.set(naming.stockKey(second), '99');
      for (const itemId of items.slice(2)) await redis.expire(naming.stockKey(itemId), 60);
      await redis.set(stray(), '5');
    };
    const isWell = async () => {
      await shows(10);
      const lives = await Promise.all(items.map((itemId) => redis.ttl(naming.stockKey(itemId))));
      expect(Math.min(...lives)).toBeGreaterThan(60);
      expect(await redis.hget(naming.levelStockKey(first, main), 'onHand')).toBe('10');
      expect(await redis.exists(stray())).toBe(0);
    };

    it('has again what it had, lives on, and holds nothing else', async () => {
      await spoil();
      const { written, removed } = await app.get(CacheRefresh).once(new AbortController().signal);
      expect([written, removed]).toEqual([items.length, 1]);
      await isWell();
    });

    it('is so as soon as it is due, by whoever owns the projection then', async () => {
      await spoil();
      await redis.set(naming.redisKey('stock-cache:refreshed'), Date.now() - 16 * 60_000);
      await app.close();
      await start('main');
      await eventually(async () => {
        await isWell();
        const refreshed = Number(await redis.get(naming.redisKey('stock-cache:refreshed')));
        expect(Date.now() - refreshed).toBeLessThan(60_000);
      }, REFILLED_WITHIN_MS);
    });

    it('is not so before it is due', async () => {
      await redis.set(stray(), '5');
      await app.close();
      await start('main');
      await observe(10.5, 45);
      await shows(10.5);
      expect(await redis.exists(stray())).toBe(1);
    });
  });

  it('started with another sales warehouse, shows the numbers of that one', async () => {
    await observe(55, 50, shop);
    await shows(10.5);
    await app.close();
    await start('shop');
    await shows(55);
  });
});
