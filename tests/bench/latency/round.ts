import { VoidRun } from '../bench';
import type { LoadTasks } from '../ingest/load.worker';
import type { Worker } from '../worker';
import type { Documents, Effects } from './effects';
import { type Percentiles, percentiles } from './percentiles';
import { type Place, type Sighting, type StoreName, stores, type WatchTasks } from './watch.worker';

export const stages = ['answered', ...stores] as const;
export type Stage = (typeof stages)[number];
export type Measured = Readonly<Record<Stage, Percentiles>> & Readonly<{ gaps: readonly number[] }>;

export type Parts = Readonly<{
  /** Where webhooks are taken. */
  port: number;
  place: Place;
  load: Worker<LoadTasks>;
  watcher: Worker<WatchTasks>;
  effects: Effects;
}>;

/** So many webhooks a second. */
export type Schedule = Documents & Readonly<{ rate: number }>;

type Sent = Awaited<ReturnType<LoadTasks['send']>>;

/** Of webhooks: few enough that none is idle for so long that the server closes it. */
const connectionsFor = (rate: number): number => Math.ceil(rate / 4);

/**
 * Sends webhooks on schedule, each a document of its own, and sees when its effect is in each store.
 * @throws VoidRun when one stays without an answer, is refused, or has no effect
 */
export const round = async (parts: Parts, { rate, first, count }: Schedule): Promise<Measured> => {
  const { place, watcher, effects } = parts;
  await watcher.run('begin', place);
  const { sent, positions } = await sendAndFind(parts, { rate, first, count });
  const { sightings, gaps } = await watcher.run('end', undefined);
  await effects.expectAgreement();
  const latencies = (store: StoreName): Percentiles => {
    const times = timesOf(sightings[store], positions);
    const unseen = times.filter(Number.isNaN).length;
    if (unseen > 0) throw new VoidRun(`${unseen} of ${count} webhooks were never seen in ${store}`);
    return percentiles(times.map((at, n) => at - (sent.startedAt + (n / rate) * 1_000)));
  };
  return {
    answered: sent.latency,
    Redis: latencies('Redis'),
    Postgres: latencies('Postgres'),
    audit: latencies('audit'),
    gaps,
  };
};

/** The position of each webhook's last event, by its number. */
const sendAndFind = async (
  { port, load, watcher, effects }: Parts,
  { rate, first, count }: Schedule,
): Promise<Readonly<{ sent: Sent; positions: readonly number[] }>> => {
  try {
    const sent = await load.run('send', { port, connections: connectionsFor(rate), count, first, rate });
    if (sent.ledger.sent !== count) throw new VoidRun(`${sent.ledger.sent} of ${count} webhooks were sent`);
    return { sent, positions: await effects.positions({ first, count }) };
  } catch (error) {
    await watcher.run('end', undefined);
    throw error;
  }
};

/** When each position was first seen to be reached; not a number where it never was. */
const timesOf = (sightings: readonly Sighting[], positions: readonly number[]): readonly number[] =>
  positions.map((position) => {
    let [from, to] = [0, sightings.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((sightings[middle]?.seq ?? 0) < position) from = middle + 1;
      else to = middle;
    }
    return sightings[from]?.at ?? Number.NaN;
  });
