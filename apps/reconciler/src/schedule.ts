import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Problem } from '@tallystream/contracts';
import { CONFIG, type Config } from '@tallystream/platform';
import type { ZohoClient } from '@tallystream/zoho';
import { CronJob } from 'cron';
import { Leadership } from './leadership';
import { RunBook } from './runs/run-book';
import { stockSweep } from './runs/usual-runs';
import { ZOHO } from './tokens';

/** Sweeps the stock of all items every so often: Zoho's silence never means that nothing changed. */
@Injectable()
export class Schedule implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('schedule');
  private job: CronJob | undefined;

  constructor(
    private readonly book: RunBook,
    private readonly leadership: Leadership,
    @Inject(ZOHO) private readonly zoho: ZohoClient | undefined,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.zoho || !this.config.ZOHO_SYNC_ENABLED) return;
    this.job = CronJob.from({
      cronTime: this.config.SYNC_CRON,
      onTick: () => this.sweep(),
      start: true,
      timeZone: 'UTC',
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.job?.stop();
  }

  private async sweep(): Promise<void> {
    if (!this.leadership.isLeader) return;
    try {
      await this.book.ask({ ...stockSweep(this.config.ZOHO_BATCH_SIZE), requestedBy: 'schedule' });
    } catch (error) {
      const isOn = error instanceof Problem && error.code === 'run_in_progress';
      if (!isOn) this.logger.warn(`the sweep cannot be asked for: ${String(error)}; the next one can`);
    }
  }
}
