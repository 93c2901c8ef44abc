import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { sides } from '@tallystream/contracts';
import { countOpenDrifts, type Database } from '@tallystream/projection-store';
import { Gauge } from 'prom-client';
import { DRIFTS } from '../tokens';

const watched = new Set<Database>();

new Gauge({
  name: 'tally_drift_open',
  help: 'Drifts that wait for a decision, by side; every replica shows all; absent while Postgres cannot be reached',
  labelNames: ['side'],
  async collect() {
    const counts = await Promise.all(
      [...watched].map((database) => countOpenDrifts(database).catch(() => undefined)),
    );
    this.reset();
    for (const open of counts) if (open) for (const side of sides) this.set({ side }, open[side]);
  },
});

/** Shows the length of the review queue in the metrics, as long as the process runs. */
@Injectable()
export class OpenDrifts implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(@Inject(DRIFTS) private readonly drifts: Database) {}

  onApplicationBootstrap(): void {
    watched.add(this.drifts);
  }

  onApplicationShutdown(): void {
    watched.delete(this.drifts);
  }
}
