import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import {
  JETSTREAM,
  type JetStreamConnection,
  JetStreamServer,
  probeNats,
  withConsumers,
} from '@tallystream/jetstream';
import { CONFIG, type Config, Health, NAMING, probe } from '@tallystream/platform';
import { balancesDatabase, Database } from '@tallystream/projection-store';
import { openRedis, stockCache } from '@tallystream/redis';
import type Redis from 'ioredis';
import { ChangeLog } from './live/change-log';
import { LiveClients } from './live/live-clients';
import { LiveSockets } from './live/live-sockets';
import { LiveUpdatesController } from './live/live-updates.controller';
import { StockController } from './stock.controller';
import { StockCacheProjector } from './stock-cache.projector';
import { REDIS, STOCK_CACHE } from './tokens';
import { UnifiedStock } from './unified-stock';

/** The Redis projection, the unified reads over Redis and Postgres, and live updates. */
@Module({
  // Live updates before the reads: `changes` and `stream` would be taken for items.
  controllers: [LiveUpdatesController, StockController, StockCacheProjector],
  providers: [
    UnifiedStock,
    ChangeLog,
    LiveClients,
    LiveSockets,
    { provide: REDIS, inject: [CONFIG], useFactory: (config: Config) => openRedis(config.REDIS_URL) },
    {
      provide: STOCK_CACHE,
      inject: [REDIS, NAMING, CONFIG],
      useFactory: (redis: Redis, naming: Naming, config: Config) =>
        stockCache(redis, naming, {
          ttlSeconds: config.STOCK_CACHE_TTL,
          salesWarehouse: config.SALES_WAREHOUSE_ID,
        }),
    },
    {
      provide: Database,
      inject: [CONFIG, NAMING],
      useFactory: (config: Config, { schema }: Naming) =>
        balancesDatabase({ url: config.DATABASE_URL, schema }),
    },
  ],
})
export class StockCacheModule implements OnModuleInit {
  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    private readonly database: Database,
    private readonly health: Health,
    private readonly consumers: JetStreamServer,
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
  ) {}

  onModuleInit(): void {
    const askRedis = probe(() => this.redis.ping());
    const askPostgres = probe(() => this.database.query('SELECT 1'));
    const askNats = probeNats(this.connection);
    this.health.register('stock', async () => {
      const [redis, postgres, nats] = await Promise.all([askRedis(), askPostgres(), askNats()]);
      const isServed = redis.status === 'up' || postgres.status === 'up';
      const isWhole = isServed && redis.status === postgres.status && nats.status === 'up';
      const status = isWhole ? 'up' : isServed ? 'degraded' : 'down';
      return withConsumers(this.consumers, ['stock-cache'], {
        status,
        dependencies: { redis, postgres, nats },
      });
    });
  }
}
