import { Inject, type MiddlewareConsumer, Module, type NestModule, type OnModuleInit } from '@nestjs/common';
import { AccessModule } from '@tallystream/access';
import { openCatalogue } from '@tallystream/catalogue';
import type { Naming } from '@tallystream/contracts';
import { DeadLetterModule } from '@tallystream/dead-letters';
import {
  JETSTREAM,
  type JetStreamConnection,
  JetStreamServer,
  probeNats,
  withConsumers,
} from '@tallystream/jetstream';
import { defaultLedgerSettings, openLedger } from '@tallystream/ledger';
import { CONFIG, type Config, Health, jsonBody, NAMING, type PartHealth, probe } from '@tallystream/platform';
import { balancesDatabase, Database, webhookLogDatabase } from '@tallystream/projection-store';
import { openRedis, type Redis, stockCache } from '@tallystream/redis';
import type { ZohoClient } from '@tallystream/zoho';
import { CatchUp } from './catch-up/catch-up.service';
import { Comparison } from './comparison';
import { FirstStart } from './first-start';
import { AskForRun } from './http/ask-for-run';
import { BulkSyncController } from './http/bulk-sync.controller';
import { ReconciliationController } from './http/reconciliation.controller';
import { RunsController } from './http/runs.controller';
import { StockSyncController } from './http/stock-sync.controller';
import { ZohoController } from './http/zoho.controller';
import { KeysController } from './keys/keys.controller';
import { Leadership } from './leadership';
import { Looking } from './observations/looking';
import { ObservationsConsumer } from './observations/observations.consumer';
import { DriftController } from './review/drift.controller';
import { driftDecisions } from './review/drift-decisions';
import { reviewBody, reviewControllers, reviewProviders } from './review/review';
import { RunBook } from './runs/run-book';
import { RunExecutor } from './runs/run-executor';
import { Schedule } from './schedule';
import { SyncStatistics } from './sync-statistics';
import { SyncStatus } from './sync-status';
import { CATALOGUE, DRIFT_DECISIONS, LEDGER, REDIS, STOCK_CACHE, WEBHOOK_LOG, ZOHO } from './tokens';
import { watchProviders } from './watch/providers';
import { ZohoAccess } from './zoho-access';

const MAX_BODY = '64kb';

/** Keeps the ledger and Zoho in agreement: observations after webhooks, sweeps, and the runs behind them. */
@Module({
  imports: [AccessModule, DeadLetterModule],
  controllers: [
    RunsController,
    StockSyncController,
    BulkSyncController,
    ZohoController,
    ObservationsConsumer,
    ReconciliationController,
    KeysController,
    ...reviewControllers,
  ],
  providers: [
    Leadership,
    RunBook,
    RunExecutor,
    FirstStart,
    Schedule,
    AskForRun,
    Comparison,
    SyncStatus,
    SyncStatistics,
    Looking,
    CatchUp,
    ...reviewProviders,
    ...watchProviders,
    { provide: DRIFT_DECISIONS, inject: [LEDGER], useFactory: driftDecisions },
    { provide: REDIS, inject: [CONFIG], useFactory: ({ REDIS_URL }: Config) => openRedis(REDIS_URL) },
    ZohoAccess,
    { provide: ZOHO, inject: [ZohoAccess], useFactory: ({ client }: ZohoAccess) => client },
    {
      provide: LEDGER,
      inject: [JETSTREAM, NAMING, CONFIG],
      useFactory: (connection: JetStreamConnection, naming: Naming, config: Config) =>
        openLedger(connection, naming, { ...defaultLedgerSettings, trustMarginMs: config.TRUST_MARGIN_MS }),
    },
    { provide: CATALOGUE, inject: [JETSTREAM, NAMING], useFactory: openCatalogue },
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
      useFactory: ({ DATABASE_URL }: Config, { schema }: Naming) =>
        balancesDatabase({ url: DATABASE_URL, schema }),
    },
    {
      provide: WEBHOOK_LOG,
      inject: [CONFIG, NAMING],
      useFactory: ({ DATABASE_URL }: Config, { schema }: Naming) =>
        webhookLogDatabase({ url: DATABASE_URL, schema }),
    },
  ],
})
export class ReconcilerModule implements NestModule, OnModuleInit {
  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(ZOHO) private readonly zoho: ZohoClient | undefined,
    private readonly firstStart: FirstStart,
    private readonly health: Health,
    private readonly consumers: JetStreamServer,
  ) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply(...jsonBody(MAX_BODY))
      .forRoutes(StockSyncController, BulkSyncController, ReconciliationController, KeysController);
    consumer.apply(reviewBody).forRoutes(DriftController);
  }

  onModuleInit(): void {
    const askNats = probeNats(this.connection);
    const askRedis = probe(() => this.redis.ping());
    this.health.register('reconciler', async () => {
      const [nats, redis] = await Promise.all([askNats(), askRedis()]);
      const detail = this.trouble();
      const isWell = !detail && nats.status === 'up' && redis.status === 'up';
      const part: PartHealth = {
        // Whatever Zoho says or does not say: webhooks and reads go on.
        status: isWell ? 'up' : 'degraded',
        ...(detail ? { detail } : {}),
        dependencies: { nats, redis },
      };
      return withConsumers(this.consumers, ['observer', 'drift'], part);
    });
  }

  private trouble(): string | undefined {
    if (!this.zoho) return 'no Zoho credentials are set: nothing can be compared with Zoho';
    const { state, detail } = this.zoho.status();
    if (state !== 'ok' && state !== 'untried') return `Zoho: ${state}${detail ? `: ${detail}` : ''}`;
    return this.firstStart.isOpened ? undefined : 'the opening stock has not been observed yet';
  }
}
