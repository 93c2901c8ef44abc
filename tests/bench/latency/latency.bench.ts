import { randomBytes } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { ensureBuilt } from '../../../deploy/local/build';
import { startServers } from '../../../deploy/local/servers';
import { startApp } from '../app';
import { type Bench, compare, interleaved, median, quantile, type Row } from '../bench';
import { cpuSeconds } from '../environment';
import type { LoadTasks } from '../ingest/load.worker';
import { LINES, SECRET, WAREHOUSE } from '../ingest/webhooks';
import { serverVersions } from '../server-versions';
import { startWorker } from '../worker';
import { openEffects } from './effects';
import { medians, type Percentiles } from './percentiles';
import type { Raw, RawTasks } from './raw.worker';
import { type Measured, round, type Stage, stages } from './round';
import type { WatchTasks } from './watch.worker';

/** Webhooks a second, and for how many seconds. */
const SCHEDULES = [
  { rate: 50, seconds: 10 },
  { rate: 200, seconds: 10 },
  { rate: 500, seconds: 6 },
];
type Schedule = (typeof SCHEDULES)[number];
/** The service levels of the 99th percentile, in milliseconds, and the rate for which they are promised. */
const PROMISED = { rate: 200, answered: 50, visible: 250 };

/** Processor time of one webhook, in milliseconds. */
type Cost = Readonly<{ system: number; nats: number }>;
type Round = Readonly<{ measured: Measured; raw: Raw; cost: Cost }>;

/** From the scheduled time of a webhook to its answer, and to its effect in each store, on the whole system. */
export const latency: Bench = async ({ rounds, dataDir, say, profiles }) => {
  const program = await ensureBuilt('standalone');
  const servers = await startServers({ dataDir });
  const namespace = `bench_${randomBytes(4).toString('hex')}`;
  const place = { redisUrl: servers.redis.url, databaseUrl: servers.postgres.url, namespace };
  const app = await startApp(
    program,
    {
      ...servers.env,
      NAMESPACE: namespace,
      LOG_LEVEL: 'warn',
      API_KEYS: 'bench:admin:bench-admin-key-0123456789',
      ZOHO_WEBHOOK_SECRET: SECRET,
      SALES_WAREHOUSE_ID: WAREHOUSE,
    },
    { health: '/health/ready', isUp: () => true, flags: profiles ? profiling(profiles) : [] },
  );
  const load = startWorker<LoadTasks>(path.join(__dirname, '../ingest/load.worker.ts'));
  const watcher = startWorker<WatchTasks>(path.join(__dirname, 'watch.worker.ts'));
  const plain = startWorker<RawTasks>(path.join(__dirname, 'raw.worker.ts'));
  const effects = await openEffects(place);
  const natsUrl = servers.nats.url;
  let first = 0;
  let isCaptured = false;

  const measure = async ({ rate, seconds }: Schedule): Promise<Round> => {
    const count = rate * seconds;
    const cpu = () => [app.pid, servers.nats.pid].map((pid) => cpuSeconds(pid) ?? Number.NaN);
    const before = cpu();
    const measured = await round({ port: app.port, place, load, watcher, effects }, { rate, first, count });
    const [system = Number.NaN, nats = Number.NaN] = cpu().map(
      (after, n) => ((after - (before[n] ?? Number.NaN)) / count) * 1_000,
    );
    first += count;
    if (!isCaptured) await plain.run('capture', { natsUrl, namespace, events: 1 + LINES });
    isCaptured = true;
    const raw = await plain.run('store', { natsUrl, namespace: `${namespace}_raw`, rate, count });
    return { measured, raw, cost: { system, nats } };
  };

  try {
    const results = await interleaved<Round>(
      Object.fromEntries(SCHEDULES.map((schedule) => [nameOf(schedule), () => measure(schedule)])),
      { rounds, say },
    );
    const of = (schedule: Schedule) => results(nameOf(schedule));
    const gaps = SCHEDULES.flatMap((schedule) => of(schedule).flatMap(({ measured }) => [...measured.gaps]));
    const loads = os.loadavg().map((value) => value.toFixed(1));
    return {
      rows: SCHEDULES.flatMap((schedule) => stages.map((stage) => row(schedule, stage, of(schedule)))),
      notes: [
        'signed invoices of 11 kB, each a document of its own that moves 5 of 2,000 levels, sent on schedule over kept-alive connections by a process of its own; the whole of Tallystream in one built process, NATS with sync_interval: always; figures are medians of the rounds, in ms from the scheduled time',
        'raw: the plainest program that leaves as much on disk on the same schedule, one at a time with the system: the bytes of the webhook in one stream (floor of the answer), then the 6 events of its document in another, as one atomic batch (floor of what is visible)',
        ...SCHEDULES.map((schedule) => percentileNote(schedule, of(schedule))),
        `visible: the checkpoint of the store, which moves in one step with its rows, was first seen at or behind the document's last event. Each store was asked every ${quantile(gaps, 0.5).toFixed(1)} ms (99 % within ${quantile(gaps, 0.99).toFixed(1)} ms): figures are up to that too high. After each round every document lay in the audit trail whole, and the stores agreed on all levels`,
        'no Zoho is configured: webhooks ask for their items to be looked at, as always, and nobody looks',
        `load average over 1, 5 and 15 minutes at the end: ${loads.join(', ')}`,
      ],
      versions: await serverVersions({ natsUrl, databaseUrl: servers.postgres.url }),
    };
  } finally {
    await Promise.all([load.stop(), watcher.stop(), plain.stop(), effects.close(), app.stop()]);
    await servers.stop();
  }
};

const profiling = (folder: string): readonly string[] => [
  '--require',
  path.join(__dirname, '../ingest/exit-on-sigterm.js'),
  '--cpu-prof',
  '--cpu-prof-dir',
  folder,
];

const nameOf = ({ rate }: Schedule): string => `${rate} a second`;

const row = (schedule: Schedule, stage: Stage, rounds: readonly Round[]): Row => {
  const isAnswer = stage === 'answered';
  const most = isAnswer ? PROMISED.answered : PROMISED.visible;
  return compare(
    {
      what: `${isAnswer ? stage : `visible in ${stage}`}, p99 at ${nameOf(schedule)}`,
      unit: 'ms',
      floor: 'raw',
      ...(schedule.rate === PROMISED.rate ? { most } : {}),
    },
    rounds.map(({ measured }) => measured[stage].p99),
    rounds.map(({ raw }) => (isAnswer ? raw.webhook : raw.events).p99),
  );
};

const percentileNote = (schedule: Schedule, rounds: readonly Round[]): string => {
  const figures = (name: string, of: (round: Round) => Percentiles) => `${name} ${medians(rounds.map(of))}`;
  const cost = (of: (cost: Cost) => number) => median(rounds.map((each) => of(each.cost))).toFixed(1);
  return [
    `${nameOf(schedule)}, p50 / p99 / p99.9: ${figures('raw webhook', ({ raw }) => raw.webhook)}`,
    ...stages.map((stage) => figures(stage, ({ measured }) => measured[stage])),
    figures('raw events', ({ raw }) => raw.events),
    `processor time a webhook: system ${cost(({ system }) => system)} ms, nats-server ${cost(({ nats }) => nats)} ms`,
  ].join(', ');
};
