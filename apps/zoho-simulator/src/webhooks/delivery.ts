import type { Random } from '../random';
import { type Hook, isAccepted, postHook, type Reply } from './hook';

/** How often, of one, a webhook is posted twice, out of its turn, or not at all. */
export type Faults = Readonly<{ duplicate: number; reorder: number; lose: number }>;

export type DeliverySettings = Readonly<{
  url?: string;
  secret: string;
  concurrency: number;
  retries: number;
  /** Before the first retry; each further pause is twice as long. */
  retryPauseMs: number;
  timeoutMs: number;
  faults: Faults;
}>;

/** What became of a webhook. `disabled`: there is no URL; `abandoned`: the simulator stopped first. */
export type Answer = Readonly<{
  event: string;
  outcome: 'accepted' | 'failed' | 'lost' | 'disabled' | 'abandoned';
  attempts: number;
}> &
  Reply;

export type Delivery = ReturnType<typeof webhookDelivery>;

type Job = { hook: Hook; attempts: number; settle(answer: Answer): void };

/** How many later webhooks may overtake one that is reordered. */
const OVERTAKEN_BY = 20;

/** Posts webhooks as Zoho does: several at a time, in no promised order, again when refused. */
export const webhookDelivery = (settings: DeliverySettings, random: Random) => {
  const counts = { sent: 0, accepted: 0, failed: 0, retried: 0, lost: 0, duplicated: 0 };
  let faults = settings.faults;
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
    while (!isClosing && inFlight.size < settings.concurrency) {
      const job = queue.shift();
      if (!job) return;
      inFlight.add(job);
      void attempt(job);
    }
  };

  const attempt = async (job: Job): Promise<void> => {
    counts.sent += 1;
    job.attempts += 1;
    const reply = await postHook({ ...settings, url: settings.url ?? '' }, job.hook);
    inFlight.delete(job);
    if (isAccepted(reply)) {
      counts.accepted += 1;
      settle(job, { outcome: 'accepted', ...reply });
    } else if (isClosing) {
      settle(job, { outcome: 'abandoned', ...reply });
    } else if (job.attempts > settings.retries) {
      counts.failed += 1;
      settle(job, { outcome: 'failed', ...reply });
    } else {
      rest(job);
    }
    pump();
  };

  /** A refused webhook waits outside, so that it keeps no other waiting. */
  const rest = (job: Job): void => {
    const again = () => {
      resting.delete(job);
      counts.retried += 1;
      queue.push(job);
      pump();
    };
    resting.set(job, setTimeout(again, settings.retryPauseMs * 2 ** (job.attempts - 1)));
  };

  const enqueue = (hook: Hook): Promise<Answer> =>
    new Promise((settleJob) => {
      const job: Job = { hook, attempts: 0, settle: settleJob };
      for (const other of held) other.overtakers -= 1;
      if (random.chance(faults.reorder)) held.push({ job, overtakers: random.int(1, OVERTAKEN_BY) });
      else queue.push(job);
      queue.push(...held.filter((other) => other.overtakers <= 0).map((other) => other.job));
      held = held.filter((other) => other.overtakers > 0);
      pump();
    });

  return {
    isEnabled: settings.url !== undefined,
    /** Resolves when the webhook, and its duplicate if it got one, is accepted, given up or lost. */
    post: async (hook: Hook): Promise<Answer> => {
      const answer = { event: hook.event, attempts: 0 };
      if (settings.url === undefined) return { ...answer, outcome: 'disabled' };
      if (isClosing) return { ...answer, outcome: 'abandoned' };
      if (random.chance(faults.lose)) {
        counts.lost += 1;
        return { ...answer, outcome: 'lost' };
      }
      const first = enqueue(hook);
      if (random.chance(faults.duplicate)) {
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
    setFaults: (changes: Partial<Faults>): void => {
      faults = { ...faults, ...changes };
    },
    state: () => ({
      url: settings.url ?? null,
      faults,
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
