import { Inject, Injectable } from '@nestjs/common';
import { type Instant, instantFrom, type Naming, Problem } from '@tallystream/contracts';
import { backlog, JETSTREAM, type JetStreamConnection } from '@tallystream/jetstream';
import { CONFIG, type Config, NAMING } from '@tallystream/platform';
import { type Database, webhookStatistics } from '@tallystream/projection-store';
import { isFinished, sweepKinds } from '@tallystream/runs';
import { z } from 'zod';
import { FirstStart } from './first-start';
import { runView, runViewSchema } from './http/run-view';
import { RunBook } from './runs/run-book';
import { WEBHOOK_LOG, ZOHO } from './tokens';

const counts = z.object({
  pending: z.int().meta({ description: 'Not handled yet' }),
  completed: z.int().meta({ description: 'Handled, whatever came of it' }),
  dead_letter: z.int(),
});

export const syncStatisticsSchema = z.object({
  operations: z
    .array(
      z.object({
        kind: z.enum(sweepKinds),
        running: runViewSchema.nullable(),
        last: runViewSchema.meta({ description: 'The last one that ended' }).nullable(),
      }),
    )
    .readonly(),
  features: z.object({
    scheduled_sync: z.boolean(),
    schedule: z.string(),
    observe_after_webhooks: z.boolean(),
    first_sync_done: z.boolean(),
    images: z.boolean(),
  }),
  queue: counts.extend({
    processing: z.int().meta({ description: 'Webhooks in hand' }),
    failed: z.int().meta({ description: 'Webhooks in hand that failed before and are tried again' }),
    observations: z.int().meta({ description: 'Items that wait to be looked at' }),
  }),
  per_entity: z.record(z.string(), counts).meta({ description: 'Webhooks of the last 24 hours' }),
  mean_delay_seconds: z.number().meta({ description: 'From arrival to outcome' }).nullable(),
  syncs_today: z.int().meta({ description: 'Runs that ended since midnight UTC' }),
  success_rate: z.number().meta({ description: 'Of the runs of the last 24 hours, 0 to 1' }).nullable(),
});
export type SyncStatisticsView = z.infer<typeof syncStatisticsSchema>;

const DAY_MS = 24 * 3_600_000;

/** How runs and queues are doing. What a store that is away would know is 0 or null. */
@Injectable()
export class SyncStatistics {
  constructor(
    private readonly book: RunBook,
    private readonly firstStart: FirstStart,
    @Inject(WEBHOOK_LOG) private readonly webhookLog: Database,
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(ZOHO) private readonly zoho: unknown,
  ) {}

  async now(): Promise<SyncStatisticsView> {
    const since = instantFrom(Date.now() - DAY_MS);
    const [inbox, observations, webhooks] = await Promise.all([
      backlog(this.connection, this.naming, 'ZOHO_INBOX', 'translator'),
      backlog(this.connection, this.naming, 'ZOHO_OBSERVE', 'observer'),
      webhookStatistics(this.webhookLog, since).catch(nothingWhenAway),
    ]);
    const perEntity = Object.fromEntries(
      (webhooks?.entities ?? []).map(({ entity, ...rest }) => [entity, countsOf(rest.byStatus)]),
    );
    const all = Object.values(perEntity);
    const sum = (name: keyof z.infer<typeof counts>) => all.reduce((total, one) => total + one[name], 0);
    return {
      operations: this.operations(),
      features: {
        scheduled_sync: this.zoho !== undefined && this.config.ZOHO_SYNC_ENABLED,
        schedule: this.config.SYNC_CRON,
        observe_after_webhooks: this.zoho !== undefined && this.config.ZOHO_OBSERVE_DELAY_MS >= 0,
        first_sync_done: this.firstStart.isOpened,
        images: false,
      },
      queue: {
        pending: inbox?.pending ?? 0,
        processing: inbox?.inHand ?? 0,
        completed: sum('completed'),
        failed: inbox?.redelivered ?? 0,
        dead_letter: sum('dead_letter'),
        observations: (observations?.pending ?? 0) + (observations?.inHand ?? 0),
      },
      per_entity: perEntity,
      mean_delay_seconds: webhooks?.meanDelaySeconds ?? null,
      ...this.runsSince(since),
    };
  }

  private operations(): SyncStatisticsView['operations'] {
    const all = this.book.all();
    return sweepKinds.map((kind) => {
      const running = all.find((run) => run.kind === kind && !isFinished(run));
      const last = all.find((run) => run.kind === kind && isFinished(run));
      return { kind, running: running ? runView(running) : null, last: last ? runView(last) : null };
    });
  }

  private runsSince(since: Instant): Pick<SyncStatisticsView, 'syncs_today' | 'success_rate'> {
    const midnight = Date.parse(`${instantFrom(Date.now()).slice(0, 10)}T00:00:00Z`);
    const ended = this.book
      .all()
      .flatMap((run) => (run.finishedAt ? [{ ...run, end: Date.parse(run.finishedAt) }] : []));
    const recent = ended.filter(({ end }) => end >= Date.parse(since));
    const good = recent.filter(({ status }) => status === 'completed').length;
    return {
      syncs_today: ended.filter(({ end }) => end >= midnight).length,
      success_rate: recent.length === 0 ? null : good / recent.length,
    };
  }
}

const countsOf = (byStatus: Readonly<Record<string, number>>): z.infer<typeof counts> => {
  const { pending = 0, dead = 0, ...handled } = byStatus;
  const completed = Object.values(handled).reduce((total, count) => total + count, 0);
  return { pending, completed, dead_letter: dead };
};

const nothingWhenAway = (error: unknown): undefined => {
  if (error instanceof Problem) return undefined;
  throw error;
};
