import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { storedCatalogueEvent } from '@tallystream/catalogue';
import type { Naming } from '@tallystream/contracts';
import {
  JETSTREAM,
  type JetStreamConnection,
  JetStreamServer,
  probeNats,
  projectionProgress,
  withConsumers,
} from '@tallystream/jetstream';
import { storedEvent } from '@tallystream/ledger';
import { CONFIG, type Config, Health, NAMING, probe } from '@tallystream/platform';
import { balancesDatabase, Database, PostgresProjection } from '@tallystream/projection-store';
import { postgresStore, Rebuilder } from '@tallystream/rebuild';
import { BalancesController } from './balances.controller';
import { BalancesProjector, balances, balancesFold } from './balances.projector';
import { CatalogueProjector, catalogue, catalogueFold } from './catalogue.projector';
import { BALANCES_PROGRESS, CATALOGUE_PROGRESS, CATALOGUE_PROJECTION } from './tokens';
import { WarehousesController } from './warehouses.controller';

/** The Postgres projections of stock levels and of the catalogue that names them, and their queries. */
@Module({
  controllers: [BalancesController, WarehousesController, BalancesProjector, CatalogueProjector],
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
      useFactory: (database: Database) => new PostgresProjection(database, balancesFold),
    },
    {
      provide: CATALOGUE_PROJECTION,
      inject: [Database],
      useFactory: (database: Database) => new PostgresProjection(database, catalogueFold),
    },
    {
      provide: BALANCES_PROGRESS,
      inject: [JETSTREAM, NAMING, PostgresProjection],
      useFactory: (connection: JetStreamConnection, naming: Naming, projection: PostgresProjection) =>
        projectionProgress({ connection, naming, consumer: balances, stored: () => projection.checkpoint() }),
    },
    {
      provide: CATALOGUE_PROGRESS,
      inject: [JETSTREAM, NAMING, CATALOGUE_PROJECTION],
      useFactory: (connection: JetStreamConnection, naming: Naming, projection: PostgresProjection) =>
        projectionProgress({
          connection,
          naming,
          consumer: catalogue,
          stored: () => projection.checkpoint(),
        }),
    },
    {
      provide: Rebuilder,
      inject: [JETSTREAM, NAMING, CONFIG, Database],
      useFactory: (connection: JetStreamConnection, naming: Naming, config: Config, live: Database) => {
        const where = { connection, naming, live, url: config.DATABASE_URL };
        const madeOf = [{ consumer: balances, read: storedEvent, fold: balancesFold }];
        const madeOfCatalogue = [{ consumer: catalogue, read: storedCatalogueEvent, fold: catalogueFold }];
        return new Rebuilder({
          connection,
          naming,
          watchEveryMs: config.WATCH_EVERY_SECONDS * 1_000,
          stores: [
            postgresStore({ ...where, store: 'balances', madeOf }),
            postgresStore({ ...where, store: 'catalogue', madeOf: madeOfCatalogue }),
          ],
        });
      },
    },
  ],
})
export class BalancesModule implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly health: Health,
    private readonly consumers: JetStreamServer,
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
  ) {}

  onModuleInit(): void {
    const askPostgres = probe(() => this.database.query('SELECT 1'));
    const askNats = probeNats(this.connection);
    this.health.register('balances', async () => {
      const [postgres, nats] = await Promise.all([askPostgres(), askNats()]);
      // Without NATS the rows only grow old; without Postgres there are none.
      const status = postgres.status === 'down' ? 'down' : nats.status === 'down' ? 'degraded' : 'up';
      return withConsumers(this.consumers, ['balances', 'catalogue'], {
        status,
        dependencies: { postgres, nats },
      });
    });
  }
}
