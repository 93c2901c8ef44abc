import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { instantFrom, type Naming } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection } from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';
import { Database, makePartitionsAhead, newestLink, PostgresProjection } from '@tallystream/projection-store';
import { CronJob } from 'cron';
import { writeAnchor } from './anchors';
import { TRAIL } from './tokens';

/**
 * What the trail needs once a day, whether anything happens or not: partitions for the months to come, and an
 * anchor. The owner of the projection sees to it, within a minute of midnight (UTC) or of its start.
 */
@Injectable()
export class TrailKeeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('audit-trail');
  private job: CronJob | undefined;
  /** The day of which everything has been done. */
  private done: string | undefined;

  constructor(
    private readonly projection: PostgresProjection,
    @Inject(TRAIL) private readonly trail: Database,
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
  ) {}

  onApplicationBootstrap(): void {
    this.job = CronJob.from({
      cronTime: '0 * * * * *',
      onTick: () => this.keep(Date.now()).catch((error: unknown) => this.logger.warn(`not kept: ${error}`)),
      waitForCompletion: true,
      start: true,
      timeZone: 'UTC',
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.job?.stop();
  }

  /** Does what is due; what fails is due again a minute later. */
  async keep(now: number): Promise<void> {
    const time = instantFrom(now);
    const day = time.slice(0, 10);
    if (!this.projection.isOwner || this.done === day) return;
    await makePartitionsAhead(this.trail, time);
    const newest = await newestLink(this.trail);
    // A trail that is empty yet is anchored when it has begun.
    if (!newest) return;
    const { seq, hash } = newest;
    if (await writeAnchor(this.connection, this.naming, { seq, hash, time }))
      this.logger.log(`anchored the trail of ${day}: event ${seq}, hash ${hash}`);
    this.done = day;
  }
}
