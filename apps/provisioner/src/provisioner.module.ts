import { setTimeout as pause } from 'node:timers/promises';
import {
  Inject,
  Logger,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { type Naming, Problem, streamNames } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection, lastSequence } from '@tallystream/jetstream';
import { CONFIG, type Config, Health, NAMING, probe } from '@tallystream/platform';
import { allDatabases, type Database, makeNextVersionsAhead } from '@tallystream/projection-store';

const RETRY_MS = 1_000;
/** A rebuild that finds no tables asks again about as often. */
const LOOK_MS = 5_000;

/**
 * Where apps run apart, the one process that may make and change streams and tables: the others' users may only
 * work with them (docs/adr/0016). They wait for it.
 */
@Module({})
export class ProvisionerModule implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('provisioner');
  private readonly stopping = new AbortController();
  private readonly databases: readonly Database[];
  private migrating: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(NAMING) private readonly naming: Naming,
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    private readonly health: Health,
  ) {
    this.databases = allDatabases({ url: config.DATABASE_URL, schema: naming.schema });
  }

  onModuleInit(): void {
    const askNats = probe(async () => {
      for (const name of streamNames) await lastSequence(this.connection, this.naming.stream(name));
    });
    const askPostgres = probe(async () => {
      for (const database of this.databases) await database.query('SELECT 1');
    });
    this.health.register('provisioner', async () => {
      const [nats, postgres] = await Promise.all([askNats(), askPostgres()]);
      const isDone = nats.status === 'up' && postgres.status === 'up';
      return { status: isDone ? 'up' : 'down', dependencies: { nats, postgres } };
    });
  }

  onApplicationBootstrap(): void {
    this.migrating = Promise.all(this.databases.map((database) => this.migrate(database))).then(() =>
      this.keepNextVersionsAhead(),
    );
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.migrating;
    await Promise.all(this.databases.map((database) => database.onApplicationShutdown()));
  }

  /** Tries until Postgres is there. What is wrong otherwise will not pass, and shows in the health. */
  private async migrate(database: Database): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await database.ready();
        return;
      } catch (error) {
        if (!(error instanceof Problem)) this.logger.error(error);
        await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Apps that make their tables again fill those that they find (docs/adr/0019). */
  private async keepNextVersionsAhead(): Promise<void> {
    const { signal } = this.stopping;
    const [database] = this.databases;
    let which: 'all' | 'missing' = 'all';
    while (!signal.aborted && database) {
      try {
        await makeNextVersionsAhead(database, this.config.DATABASE_URL, which);
        which = 'missing';
      } catch (error) {
        if (!(error instanceof Problem)) this.logger.error(error);
      }
      await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
