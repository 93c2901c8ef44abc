import {
  Inject,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  type OnApplicationShutdown,
  type OnModuleInit,
  RequestMethod,
} from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import {
  JETSTREAM,
  type JetStreamConnection,
  JetStreamServer,
  probeNats,
  projectionProgress,
  withConsumers,
} from '@tallystream/jetstream';
import { CONFIG, type Config, Health, jsonBody, NAMING, probe } from '@tallystream/platform';
import { balancesDatabase, Database, readCheckpoint } from '@tallystream/projection-store';
import { Rebuilder } from '@tallystream/rebuild';
import { openRedis, type StockCache, stockCache, stockCacheRepair, stockMisses } from '@tallystream/redis';
import type Redis from 'ioredis';
import { CacheRefresh } from './cache-refresh';
import { ChangeLog } from './live/change-log';
import { LiveClients } from './live/live-clients';
import { LiveSockets } from './live/live-sockets';
import { LiveUpdatesController } from './live/live-updates.controller';
import { FetchOnMiss } from './reads/fetch-on-miss';
import { LevelStores } from './reads/level-stores';
import { StockController } from './reads/stock.controller';
import { StockDebugController } from './reads/stock-debug.controller';
import { UnifiedStock } from './reads/unified-stock';
import { cacheRebuild } from './rebuild/cache-rebuild';
import { RevalidationConsumer } from './revalidation/revalidation.consumer';
import { cache, StockCacheProjector } from './stock-cache.projector';
import { stockHealth } from './stock-health';
import {
  BALANCES_PROGRESS,
  CACHE_PROGRESS,
  READ_CACHE,
  READ_REDIS,
  REDIS,
  STOCK_CACHE,
  STOCK_MISSES,
} from './tokens';

/** A read has another way to go when Redis takes longer, in milliseconds; twice that, for who came behind others. */
const READ_PATIENCE_MS = 250;
/** 5,000 ids, each of 64 characters at most. */
const MAX_BODY = '512kb';
/** Of Zoho's calls of a day, those that reads may cause; a fifth of them at once. */
const MISSES_SHARE = 0.05;
/** Nobody asks again for an item that Zoho does not know, for so long. */
const MISS_PAUSE_MS = 15 * 60_000;

const settingsOf = (config: Config) => ({
  ttlSeconds: config.STOCK_CACHE_TTL,
  salesWarehouse: config.SALES_WAREHOUSE_ID,
});
const cacheOn = (redis: Redis, naming: Naming, config: Config): StockCache =>
  stockCache(redis, naming, settingsOf(config));

/** The Redis projection, the unified reads over Redis and Postgres, and live updates. */
@Module({
  // Live updates before the reads: `changes` and `stream` would be taken for items.
  controllers: [
    LiveUpdatesController,
    StockController,
    StockDebugController,
    StockCacheProjector,
    RevalidationConsumer,
  ],
  providers: [
    UnifiedStock,
    LevelStores,
    FetchOnMiss,
    CacheRefresh,
    ChangeLog,
    LiveClients,
    LiveSockets,
    { provide: REDIS, inject: [CONFIG], useFactory: ({ REDIS_URL }: Config) => openRedis(REDIS_URL) },
    {
      provide: READ_REDIS,
      inject: [CONFIG],
      useFactory: ({ REDIS_URL }: Config) =>
        openRedis(REDIS_URL, { patienceMs: READ_PATIENCE_MS, sendsTogether: true }),
    },
    { provide: STOCK_CACHE, inject: [REDIS, NAMING, CONFIG], useFactory: cacheOn },
    { provide: READ_CACHE, inject: [READ_REDIS, NAMING, CONFIG], useFactory: cacheOn },
    {
      provide: STOCK_MISSES,
      inject: [READ_REDIS, NAMING, CONFIG],
      useFactory: (redis: Redis, naming: Naming, { ZOHO_DAILY_LIMIT }: Config) => {
        const perDay = Math.ceil(ZOHO_DAILY_LIMIT * MISSES_SHARE);
        return stockMisses(redis, naming, { perDay, atOnce: Math.ceil(perDay / 5), pauseMs: MISS_PAUSE_MS });
      },
    },
    {
      provide: Database,
      inject: [CONFIG, NAMING],
      useFactory: (config: Config, { schema }: Naming) =>
        balancesDatabase({ url: config.DATABASE_URL, schema }),
    },
    {
      provide: CACHE_PROGRESS,
      inject: [JETSTREAM, NAMING, READ_CACHE],
      useFactory: (connection: JetStreamConnection, naming: Naming, { checkpoint }: StockCache) =>
        projectionProgress({ connection, naming, consumer: cache, stored: checkpoint }),
    },
    {
      provide: BALANCES_PROGRESS,
      inject: [JETSTREAM, NAMING, Database],
      useFactory: (connection: JetStreamConnection, naming: Naming, database: Database) =>
        projectionProgress({
          connection,
          naming,
          consumer: { ...cache, name: 'balances' },
          stored: () => readCheckpoint(database, 'balances'),
        }),
    },
    {
      provide: Rebuilder,
      inject: [JETSTREAM, NAMING, CONFIG, REDIS],
      useFactory: (connection: JetStreamConnection, naming: Naming, config: Config, redis: Redis) => {
        const cache = stockCacheRepair(redis, naming, settingsOf(config));
        const stores = [cacheRebuild({ connection, naming, cache })];
        const watchEveryMs = config.WATCH_EVERY_SECONDS * 1_000;
        return new Rebuilder({ connection, naming, watchEveryMs, stores });
      },
    },
  ],
})
export class StockCacheModule implements NestModule, OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(READ_REDIS) private readonly redis: Redis,
    private readonly database: Database,
    private readonly health: Health,
    private readonly consumers: JetStreamServer,
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
  ) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(...jsonBody(MAX_BODY)).forRoutes({ path: 'stock/bulk', method: RequestMethod.POST });
  }

  onModuleInit(): void {
    const askRedis = probe(() => this.redis.ping());
    const askPostgres = probe(() => this.database.query('SELECT 1'));
    const askNats = probeNats(this.connection);
    this.health.register('stock', async () => {
      const [redis, postgres, nats] = await Promise.all([askRedis(), askPostgres(), askNats()]);
      return withConsumers(this.consumers, [cache.name], stockHealth({ redis, postgres, nats }));
    });
  }

  onApplicationShutdown(): void {
    this.redis.disconnect();
  }
}
