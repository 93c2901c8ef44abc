import { hostname } from 'node:os';
import { Global, Inject, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import { APP_NAME, CONFIG, type Config, NAMING } from '@tallystream/platform';
import { type JetStreamConnection, openConnection } from './connection';
import { JetStreamServer } from './transport/jetstream-server';

export const JETSTREAM = Symbol('JetStreamConnection');

/** The process's connection to NATS and the transport that feeds its consumers. */
@Global()
@Module({
  providers: [
    {
      provide: JETSTREAM,
      inject: [CONFIG],
      useFactory: (config: Config): JetStreamConnection => {
        const logger = new Logger('nats');
        return openConnection(
          { url: config.NATS_URL, name: 'tallystream' },
          {
            info: (message) => logger.log(message),
            warn: (message) => logger.warn(message),
            lost: endProcess,
          },
        );
      },
    },
    {
      provide: JetStreamServer,
      inject: [JETSTREAM, NAMING, APP_NAME, CONFIG],
      useFactory: (
        connection: JetStreamConnection,
        naming: Naming,
        app: string,
        config: Config,
      ): JetStreamServer =>
        new JetStreamServer({
          connection,
          naming,
          ...(config.STREAM_REPLICAS ? { replicas: config.STREAM_REPLICAS } : {}),
          process: `${app}@${hostname()}:${process.pid}`,
          fatal: endProcess,
        }),
    },
  ],
  exports: [JETSTREAM, JetStreamServer],
})
export class JetStreamModule implements OnApplicationShutdown {
  constructor(@Inject(JETSTREAM) private readonly connection: JetStreamConnection) {}

  async onApplicationShutdown(): Promise<void> {
    await this.connection.close();
  }
}

/** Going on would mean to work on streams that are not what the code takes them for. */
const endProcess = (error: Error): void => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
};
