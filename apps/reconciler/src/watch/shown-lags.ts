import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection, watchLags } from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';
import { allConsumers } from './all-consumers';

/** Shows in the metrics how far all consumers are behind: their own processes may be gone. */
@Injectable()
export class ShownLags implements OnApplicationBootstrap, OnApplicationShutdown {
  private stop: () => void = () => undefined;

  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
  ) {}

  onApplicationBootstrap(): void {
    this.stop = watchLags(this.connection, this.naming, allConsumers);
  }

  onApplicationShutdown(): void {
    this.stop();
  }
}
