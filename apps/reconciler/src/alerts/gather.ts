import { Inject, Injectable, Logger } from '@nestjs/common';
import { instantFrom, millisOf, type Naming } from '@tallystream/contracts';
import { DeadLetters } from '@tallystream/dead-letters';
import { consumerLags, JETSTREAM, type JetStreamConnection } from '@tallystream/jetstream';
import { CONFIG, type Config, NAMING } from '@tallystream/platform';
import { countOpenDrifts, type Database } from '@tallystream/projection-store';
import type { ZohoClient } from '@tallystream/zoho';
import { OPENING } from '../first-start';
import { RunBook } from '../runs/run-book';
import { SyncStatus } from '../sync-status';
import { DRIFTS, ZOHO } from '../tokens';
import { allConsumers } from '../watch/all-consumers';
import { LastWebhook } from './last-webhook';
import type { Readings } from './readings';
import { foundChanges, runReadings } from './run-readings';
import { Verifications } from './verifications';

const HOUR_MS = 3_600_000;
/** The queue waits on purpose: for other requests, for the budget, for Zoho to be back. */
const PATIENT = new Set(['observer']);

/** Measures what the alerts are about. What a store that is away would tell is left out. */
@Injectable()
export class Gather {
  private readonly logger = new Logger('alerts');

  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(DRIFTS) private readonly drifts: Database,
    @Inject(ZOHO) private readonly zoho: ZohoClient | undefined,
    private readonly book: RunBook,
    private readonly syncStatus: SyncStatus,
    private readonly deadLetters: DeadLetters,
    private readonly verifications: Verifications,
    private readonly lastWebhook: LastWebhook,
  ) {}

  async readings(now: number): Promise<Readings> {
    const parts = [
      this.backlog(now),
      this.runs(now),
      this.stock(),
      this.dead(),
      this.drift(now),
      this.silence(now),
      this.quota(),
      this.verified(),
    ];
    const read = await Promise.all(parts.map((part) => part.catch((error: unknown) => this.unread(error))));
    return Object.assign({}, ...read);
  }

  private async backlog(now: number): Promise<Readings> {
    const lags = await consumerLags(this.connection, this.naming, allConsumers);
    return {
      backlog: lags
        .filter(({ name }) => !PATIENT.has(name))
        .map(({ name, events, oldest }) => ({
          consumer: name,
          events,
          oldestSeconds: oldest ? Math.max(0, now - millisOf(oldest)) / 1_000 : 0,
        })),
    };
  }

  private async runs(now: number): Promise<Readings> {
    await this.book.ready();
    return runReadings(this.book.all(), now);
  }

  /** Nothing before the first sweep: that the opening stock is missing is said by health. */
  private async stock(): Promise<Readings> {
    await this.book.ready();
    const { cacheAge, itemCount } = this.syncStatus.stock();
    if (!this.zoho || cacheAge === null) return {};
    return {
      stock: { ageSeconds: cacheAge, items: itemCount, minItems: this.config.HEALTH_MIN_ITEMS },
    };
  }

  private async dead(): Promise<Readings> {
    const counts = await this.deadLetters.openCounts();
    return { deadLetters: counts.reduce((sum, { count }) => sum + count, 0) };
  }

  private async drift(now: number): Promise<Readings> {
    const [all, old] = await Promise.all([
      countOpenDrifts(this.drifts),
      countOpenDrifts(this.drifts, instantFrom(now - HOUR_MS)),
    ]);
    const sum = (counts: typeof all) => Object.values(counts).reduce((total, count) => total + count, 0);
    return { drift: { open: sum(all), openForAnHour: sum(old) } };
  }

  private async silence(now: number): Promise<Readings> {
    await this.book.ready();
    if (!foundChanges(this.book.all(), OPENING, now)) return { silentHours: 0 };
    if (!this.config.WORKING_DAYS.includes(new Date(now).getUTCDay())) return {};
    const opened = this.book.find(OPENING)?.finishedAt;
    const since = (await this.lastWebhook.since(instantFrom(now - 24 * HOUR_MS))) ?? opened;
    return since === undefined ? {} : { silentHours: Math.max(0, now - millisOf(since)) / HOUR_MS };
  }

  private async quota(): Promise<Readings> {
    if (!this.zoho) return {};
    const { day } = await this.zoho.budget();
    return { quota: { remaining: day.remaining, limit: day.limit } };
  }

  private async verified(): Promise<Readings> {
    const newest = await this.verifications.newest();
    return newest ? { brokenInvariants: newest } : {};
  }

  private unread(error: unknown): Readings {
    this.logger.debug(`cannot be read now: ${String(error)}`);
    return {};
  }
}
