import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import {
  JETSTREAM,
  type JetStreamConnection,
  JetStreamServer,
  probeNats,
  projectionProgress,
  withConsumers,
} from '@tallystream/jetstream';
import { CONFIG, type Config, Health, NAMING, probe } from '@tallystream/platform';
import { auditDatabase, Database, PostgresProjection } from '@tallystream/projection-store';
import { postgresStore, Rebuilder } from '@tallystream/rebuild';
import { AuditController } from './audit.controller';
import { AuditProjector, audit, auditFold } from './audit.projector';
import { ExportController } from './export.controller';
import { recordedEventOf } from './recorded-event';
import { AUDIT_PROGRESS, TRAIL } from './tokens';
import { TrailKeeper } from './trail-keeper';
import { Verifier } from './verifier';
import { VerifyController } from './verify.controller';

/** The audit projection and its queries. */
@Module({
  controllers: [AuditController, ExportController, VerifyController, AuditProjector],
  providers: [
    {
      provide: Database,
      inject: [CONFIG, NAMING],
      useFactory: (config: Config, { schema }: Naming) => auditDatabase({ url: config.DATABASE_URL, schema }),
    },
    {
      provide: TRAIL,
      inject: [CONFIG, NAMING],
      useFactory: (config: Config, { schema }: Naming) =>
        auditDatabase({ url: config.DATABASE_URL, schema, poolSize: 2 }),
    },
    {
      provide: PostgresProjection,
      inject: [TRAIL],
      useFactory: (trail: Database) => new PostgresProjection(trail, auditFold),
    },
    {
      provide: AUDIT_PROGRESS,
      inject: [JETSTREAM, NAMING, PostgresProjection],
      useFactory: (connection: JetStreamConnection, naming: Naming, projection: PostgresProjection) =>
        projectionProgress({ connection, naming, consumer: audit, stored: () => projection.checkpoint() }),
    },
    {
      provide: Rebuilder,
      inject: [JETSTREAM, NAMING, CONFIG, TRAIL],
      useFactory: (connection: JetStreamConnection, naming: Naming, config: Config, live: Database) => {
        const madeOf = [{ consumer: audit, read: recordedEventOf, fold: auditFold }];
        const trail = postgresStore({
          connection,
          naming,
          live,
          url: config.DATABASE_URL,
          store: 'audit-trail',
          madeOf,
        });
        const watchEveryMs = config.WATCH_EVERY_SECONDS * 1_000;
        return new Rebuilder({ connection, naming, watchEveryMs, stores: [trail] });
      },
    },
    TrailKeeper,
    Verifier,
  ],
})
export class AuditTrailModule implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly health: Health,
    private readonly consumers: JetStreamServer,
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
  ) {}

  onModuleInit(): void {
    const askPostgres = probe(() => this.database.query('SELECT 1'));
    const askNats = probeNats(this.connection);
    this.health.register('audit-trail', async () => {
      const [postgres, nats] = await Promise.all([askPostgres(), askNats()]);
      // Without NATS the rows only grow old; without Postgres there are none.
      const status = postgres.status === 'down' ? 'down' : nats.status === 'down' ? 'degraded' : 'up';
      return withConsumers(this.consumers, ['audit-trail'], { status, dependencies: { postgres, nats } });
    });
  }
}
