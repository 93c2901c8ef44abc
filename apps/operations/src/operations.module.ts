import {
  Inject,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection, probeNats } from '@tallystream/jetstream';
import { CONFIG, type Config, Health, jsonBody, NAMING, probe } from '@tallystream/platform';
import { balancesDatabase, type Database } from '@tallystream/projection-store';
import { RebuildRuns } from '@tallystream/rebuild';
import { openRedis, type Redis } from '@tallystream/redis';
import { Consumers } from './consumers/consumers';
import { ConsumersController } from './consumers/consumers.controller';
import { DeadLetterDecisions } from './dead-letters/dead-letter-decisions';
import { DeadLetterStates } from './dead-letters/dead-letter-states';
import { DeadLetters } from './dead-letters/dead-letters';
import { DeadLettersController } from './dead-letters/dead-letters.controller';
import { RetryAll } from './dead-letters/retry-all';
import { Pace } from './pace';
import { Projections } from './projections/projections';
import { ProjectionsController } from './projections/projections.controller';
import { OperationRunner } from './runs/operation-runner';
import { OperationRuns } from './runs/operation-runs';
import { BALANCES, REDIS } from './tokens';

const MAX_BODY = '64kb';

/** What operators can do on the night it matters. */
@Module({
  controllers: [DeadLettersController, ConsumersController, ProjectionsController],
  providers: [
    OperationRuns,
    OperationRunner,
    Pace,
    DeadLetterStates,
    DeadLetters,
    DeadLetterDecisions,
    RetryAll,
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
      .forRoutes(DeadLettersController, ConsumersController, ProjectionsController);
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
