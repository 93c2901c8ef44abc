import { Module, type OnModuleInit } from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import { CONFIG, type Config, Health, NAMING, probe } from '@tallystream/platform';
import { balancesDatabase, Database, PostgresProjection } from '@tallystream/projection-store';
import { BalancesController } from './balances.controller';
import { BalancesProjector } from './balances.projector';

/** The Postgres projection of stock levels and its queries. */
@Module({
  controllers: [BalancesController, BalancesProjector],
  providers: [
    {
      provide: Database,
      inject: [CONFIG, NAMING],
      useFactory: (config: Config, { schema }: Naming) =>
        balancesDatabase({ url: config.DATABASE_URL, schema }),
    },
    {
      provide: PostgresProjection,
      inject: [Database],
      useFactory: (database: Database) => new PostgresProjection(database, 'balances'),
    },
  ],
})
export class BalancesModule implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly health: Health,
  ) {}

  onModuleInit(): void {
    const postgres = probe(() => this.database.query('SELECT 1'));
    this.health.register('balances', async () => {
      const dependency = await postgres();
      return { status: dependency.status, dependencies: { postgres: dependency } };
    });
  }
}
