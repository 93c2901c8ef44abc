import {
  Inject,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import { DeadLetterModule } from '@tallystream/dead-letters';
import { JETSTREAM, type JetStreamConnection, probeNats } from '@tallystream/jetstream';
import { CONFIG, type Config, Health, jsonBody, NAMING, probe } from '@tallystream/platform';
import { auditDatabase, balancesDatabase, type Database } from '@tallystream/projection-store';
import { RebuildRuns } from '@tallystream/rebuild';
import { openRedis, type Redis } from '@tallystream/redis';
import { Consumers } from './consumers/consumers';
import { ConsumersController } from './consumers/consumers.controller';
import { DeadLettersController } from './dead-letters/dead-letters.controller';
import { RetryAll } from './dead-letters/retry-all';
import { InboxReplayController } from './inbox-replay/inbox-replay.controller';
import { InboxReplayer } from './inbox-replay/inbox-replayer';
import { Pace } from './pace';
import { Projections } from './projections/projections';
import { ProjectionsController } from './projections/projections.controller';
import { OperationRunner } from './runs/operation-runner';
import { OperationRuns } from './runs/operation-runs';
import { AUDIT_TRAIL, BALANCES, REDIS } from './tokens';
import { Verifier } from './verify/verifier';
import { VerifyController } from './verify/verify.controller';

const MAX_BODY = '64kb';

/** What operators can do on the night it matters. */
@Module({
  imports: [DeadLetterModule],
  controllers: [
    DeadLettersController,
    ConsumersController,
    ProjectionsController,
    InboxReplayController,
    VerifyController,
  ],
  providers: [
    OperationRuns,
    OperationRunner,
    Pace,
    RetryAll,
    InboxReplayer,
    Verifier,
    Consumers,
    Projections,
    {
      provide: RebuildRuns,
      inject: [JETSTREAM, NAMING],
      useFactory: (connection: JetStreamConnection, naming: Naming) => new RebuildRuns(connection, naming),
    },
    { provide: REDIS, inject: [CONFIG], useFactory: ({ REDIS_URL }: Config) => openRedis(REDIS_URL) },
    {
      provide: BALANCES,
      inject: [CONFIG, NAMING],
      useFactory: ({ DATABASE_URL }: Config, { schema }: Naming) =>
        balancesDatabase({ url: DATABASE_URL, schema }),
    },
    {
      provide: AUDIT_TRAIL,
      inject: [CONFIG, NAMING],
      useFactory: ({ DATABASE_URL }: Config, { schema }: Naming) =>
        auditDatabase({ url: DATABASE_URL, schema, poolSize: 2 }),
    },
  ],
})
export class OperationsModule implements NestModule, OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(BALANCES) private readonly database: Database,
    @Inject(REDIS) private readonly redis: Redis,
    private readonly health: Health,
  ) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply(...jsonBody(MAX_BODY))
      .forRoutes(
        DeadLettersController,
        ConsumersController,
        InboxReplayController,
        VerifyController,
        ProjectionsController,
      );
  }

  onModuleInit(): void {
    const askNats = probeNats(this.connection);
    const askPostgres = probe(() => this.database.query('SELECT 1'));
    const askRedis = probe(() => this.redis.ping());
    this.health.register('operations', async () => {
      const [nats, postgres, redis] = await Promise.all([askNats(), askPostgres(), askRedis()]);
      // Postgres and Redis are only looked at: without them there is less to be told.
      const isWhole = postgres.status === 'up' && redis.status === 'up';
      const status = nats.status === 'down' ? 'down' : isWhole ? 'up' : 'degraded';
      return { status, dependencies: { nats, postgres, redis } };
    });
  }

  onApplicationShutdown(): void {
    this.redis.disconnect();
  }
}
