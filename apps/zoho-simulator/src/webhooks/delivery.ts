import type { Random } from '../random';
import { type Hook, isAccepted, postHook, type Reply } from './hook';

/** How often, of one, a webhook is posted twice, out of its turn, not at all, or late: by up to `lateSeconds`. */
export type Faults = Readonly<{
  duplicate: number;
  reorder: number;
  lose: number;
  late: number;
  lateSeconds: number;
}>;

export type DeliverySettings = Readonly<{
  url?: string;
  secret: string;
  concurrency: number;
  retries: number;
  /** Before the first retry; each further pause is twice as long. */
  retryPauseMs: number;
  timeoutMs: number;
  faults: Faults;
  /** So many a day of the organisation, and it falls silent until the next. Unset: as many as there are. */
  dailyCap?: number | undefined;
}>;

/** What can be changed while it runs. */
export type Tuning = Faults & Pick<DeliverySettings, 'retries' | 'retryPauseMs' | 'dailyCap'>;

/**
 * What became of a webhook. `disabled`: there is no URL; `abandoned`: the simulator stopped first; `capped`: too many
 * went out that day; `waiting`: nobody knows yet.
 */
export type Answer = Readonly<{
  event: string;
  outcome: 'accepted' | 'failed' | 'lost' | 'disabled' | 'abandoned' | 'capped' | 'waiting';
  attempts: number;
}> &
  Reply;

export type Delivery = ReturnType<typeof webhookDelivery>;

type Job = { hook: Hook; attempts: number; settle(answer: Answer): void };

/** How many later webhooks may overtake one that is reordered. */
const OVERTAKEN_BY = 20;

/** Posts webhooks as Zoho does: several at a time, in no promised order, again when refused. */
export const webhookDelivery = (settings: DeliverySettings, random: Random, today: () => string) => {
  const counts = {
    sent: 0,
    accepted: 0,
    failed: 0,
    retried: 0,
    lost: 0,
    duplicated: 0,
    late: 0,
    reordered: 0,
    capped: 0,
  };
  const { url, concurrency } = settings;
  const { retries, retryPauseMs, dailyCap } = settings;
  let tuning: Tuning = { ...settings.faults, retries, retryPauseMs, dailyCap };
  let day = { date: '', sent: 0 };
  let queue: Job[] = [];
  let held: { job: Job; overtakers: number }[] = [];
  const resting = new Map<Job, NodeJS.Timeout>();
  const inFlight = new Set<Job>();
  let watchers: { limit: number; wake(): void }[] = [];
  let isClosing = false;

  const unsettled = () => queue.length + held.length + resting.size + inFlight.size;
  const unsettledBelow = (limit: number): Promise<void> =>
    unsettled() < limit ? Promise.resolve() : new Promise((wake) => watchers.push({ limit, wake }));

  const settle = (job: Job, answer: Omit<Answer, 'event' | 'attempts'>): void => {
    job.settle({ event: job.hook.event, attempts: job.attempts, ...answer });
    const awake = watchers.filter((watcher) => unsettled() < watcher.limit);
    watchers = watchers.filter((watcher) => !awake.includes(watcher));
    for (const watcher of awake) watcher.wake();
  };

  const pump = (): void => {
    while (!isClosing && inFlight.size < concurrency) {
      const job = queue.shift();
      if (!job) return;
      inFlight.add(job);
      void attempt(job);
    }
  };

  const attempt = async (job: Job): Promise<void> => {
    counts.sent += 1;
    job.attempts += 1;
    const reply = await postHook({ ...settings, url: url ?? '' }, job.hook);
    inFlight.delete(job);
    if (isAccepted(reply)) {
      counts.accepted += 1;
      settle(job, { outcome: 'accepted', ...reply });
    } else if (isClosing) {
      settle(job, { outcome: 'abandoned', ...reply });
    } else if (job.attempts > tuning.retries) {
      counts.failed += 1;
      settle(job, { outcome: 'failed', ...reply });
    } else {
      rest(job);
    }
    pump();
  };

  /** A refused or late webhook waits outside, so that it keeps no other waiting. */
  const wait = (job: Job, milliseconds: number, begin: () => void): void => {
    const goOn = () => {
      resting.delete(job);
      begin();
      queue.push(job);
      pump();
    };
    resting.set(job, setTimeout(goOn, milliseconds));
  };

  const rest = (job: Job): void =>
    wait(job, tuning.retryPauseMs * 2 ** (job.attempts - 1), () => {
      counts.retried += 1;
    });

  const hold = (job: Job): void => {
    counts.reordered += 1;
    held.push({ job, overtakers: random.int(1, OVERTAKEN_BY) });
  };

  const keep = (job: Job, milliseconds: number): void => {
    counts.late += 1;
    wait(job, milliseconds, () => undefined);
  };

  /** Counts a webhook of today; false when there were too many of them. */
  const isWithinCap = (): boolean => {
    if (day.date !== today()) day = { date: today(), sent: 0 };
    if (tuning.dailyCap !== undefined && day.sent >= tuning.dailyCap) return false;
    day.sent += 1;
    return true;
  };

  const enqueue = (hook: Hook): Promise<Answer> =>
    new Promise((settleJob) => {
      const { reorder, late, lateSeconds } = tuning;
      const job: Job = { hook, attempts: 0, settle: settleJob };
      for (const other of held) other.overtakers -= 1;
      const isLate = random.chance(late);
      if (isLate) keep(job, random.next() * lateSeconds * 1000);
      else if (random.chance(reorder)) hold(job);
      else queue.push(job);
      queue.push(...held.filter((other) => other.overtakers <= 0).map((other) => other.job));
      held = held.filter((other) => other.overtakers > 0);
      pump();
    });

  return {
    isEnabled: url !== undefined,
    /** Resolves when the webhook, and its duplicate if it got one, is accepted, given up or lost. */
    post: async (hook: Hook): Promise<Answer> => {
      const answer = { event: hook.event, attempts: 0 };
      if (url === undefined) return { ...answer, outcome: 'disabled' };
      if (isClosing) return { ...answer, outcome: 'abandoned' };
      if (!isWithinCap()) {
        counts.capped += 1;
        return { ...answer, outcome: 'capped' };
      }
      if (random.chance(tuning.lose)) {
        counts.lost += 1;
        return { ...answer, outcome: 'lost' };
      }
      const first = enqueue(hook);
      if (random.chance(tuning.duplicate)) {
        counts.duplicated += 1;
        await enqueue(hook);
      }
      return first;
    },
    /** Nothing more is coming: lets go of what was held back to be overtaken. */
    flush: (): void => {
      queue.push(...held.map((other) => other.job));
      held = [];
      pump();
    },
    /** Resolves when fewer than `limit` webhooks are on their way. */
    unsettledBelow,
    /** `sentToday` makes the cap come sooner. */
    change: ({ sentToday, ...changes }: Partial<Tuning & { sentToday: number }>): void => {
      tuning = { ...tuning, ...changes };
      if (sentToday !== undefined) day = { date: today(), sent: sentToday };
    },
    state: () => ({
      url: url ?? null,
      tuning: { ...tuning, dailyCap: tuning.dailyCap ?? null },
      sentToday: day.date === today() ? day.sent : 0,
      ...counts,
      inFlight: inFlight.size,
      waiting: unsettled() - inFlight.size,
    }),
    /** Starts no more; gives what is in flight this long to end. */
    close: async (graceMs: number): Promise<void> => {
      isClosing = true;
      for (const timer of resting.values()) clearTimeout(timer);
      const dropped = [...queue, ...held.map((other) => other.job), ...resting.keys()];
      queue = [];
      held = [];
      resting.clear();
      for (const job of dropped) settle(job, { outcome: 'abandoned' });
      let timer: NodeJS.Timeout | undefined;
      const graceOver = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, graceMs);
      });
      await Promise.race([unsettledBelow(1), graceOver]);
      clearTimeout(timer);
    },
  };
};
