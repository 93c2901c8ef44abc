import { Module, type OnModuleInit } from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import { CONFIG, type Config, Health, NAMING, probe } from '@tallystream/platform';
import { auditDatabase, Database, PostgresProjection } from '@tallystream/projection-store';
import { AuditController } from './audit.controller';
import { AuditProjector } from './audit.projector';

/** The audit projection and its queries. */
@Module({
  controllers: [AuditController, AuditProjector],
  providers: [
    {
      provide: Database,
      inject: [CONFIG, NAMING],
      useFactory: (config: Config, { schema }: Naming) => auditDatabase({ url: config.DATABASE_URL, schema }),
    },
    {
      provide: PostgresProjection,
      inject: [Database],
      useFactory: (database: Database) => new PostgresProjection(database, 'audit-trail'),
    },
  ],
})
export class AuditTrailModule implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly health: Health,
  ) {}

  onModuleInit(): void {
    const postgres = probe(() => this.database.query('SELECT 1'));
    this.health.register('audit-trail', async () => {
      const dependency = await postgres();
      return { status: dependency.status, dependencies: { postgres: dependency } };
    });
  }
}
