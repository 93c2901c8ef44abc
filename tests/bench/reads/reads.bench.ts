import os from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ensureBuilt } from '../../../deploy/local/build';
import { startServers } from '../../../deploy/local/servers';
import { readJson, startApp } from '../app';
import { type Bench, compare, interleaved, median, type Row, VoidRun } from '../bench';
import { cpuSeconds } from '../environment';
import { medians, type Percentiles } from '../latency/percentiles';
import { serverVersions } from '../server-versions';
import { nodeOptions, startWorker } from '../worker';
import type { LoadTasks } from './load.worker';
import { BULK, ITEMS, KEY, type Kind, WAREHOUSE } from './requests';
import { recordStock } from './stock';

const GOAL = 0.8;
const CONNECTIONS = 32;
const COUNTS: Readonly<Record<Kind, number>> = { single: 10_000, bulk: 4_000 };
/** Bulk reads a second of the latency row, for how many seconds, and the most that the slowest hundredth may take. */
const SCHEDULE = { rate: 1_000, seconds: 5, mostMs: 10 };
const NAMESPACE = 'bench_reads';

type App = Awaited<ReturnType<typeof startApp>>;
type Contender = 'reads' | 'bare' | 'numbers';
type Measured = Readonly<{
  single: number;
  bulk: number;
  onSchedule: Percentiles;
  /** Milliseconds of processor time of a bulk read, at the fastest: of the process, and of Redis. */
  own: number;
  redis: number;
}>;

/** The app that answers reads, against bare routes on the same Redis. */
export const reads: Bench = async ({ rounds, dataDir, say, profiles }) => {
  const program = await ensureBuilt('stock-cache');
  const servers = await startServers({ dataDir });
  const environment = {
    ...servers.env,
    NAMESPACE,
    LOG_LEVEL: 'warn',
    API_KEYS: `bench:reader:${KEY}`,
    // Counted, as for everybody, and never reached.
    READS_PER_MINUTE: '100000000',
    SALES_WAREHOUSE_ID: WAREHOUSE,
  };
  const load = startWorker<LoadTasks>(path.join(__dirname, 'load.worker.ts'));
  const apps = new Map<Contender, App>();
  const start = async (name: Contender, file: string, env: Readonly<Record<string, string>> = {}) => {
    const flags = [...nodeOptions(profiles), ...(profiles ? ['--require', exitOnSigterm] : [])];
    const wishes = { health: '/health/ready', isUp: () => true, flags };
    apps.set(name, await startApp(file, { ...environment, ...env }, wishes));
  };
  const appOf = (name: Contender): App => {
    const app = apps.get(name);
    if (!app) throw new Error(`${name} does not run`);
    return app;
  };

  const measure = async (name: Contender): Promise<Measured> => {
    const { port, pid } = appOf(name);
    const fast = (kind: Kind) =>
      load.run('read', { port, kind, connections: CONNECTIONS, count: COUNTS[kind] });
    const cpu = () => [pid, servers.redis.pid].map((each) => cpuSeconds(each) ?? Number.NaN);
    const single = await fast('single');
    const before = cpu();
    const bulk = await fast('bulk');
    const [own = Number.NaN, redis = Number.NaN] = cpu().map(
      (after, n) => ((after - (before[n] ?? Number.NaN)) / COUNTS.bulk) * 1_000,
    );
    const { rate, seconds } = SCHEDULE;
    const onSchedule = await load.run('read', {
      port,
      kind: 'bulk',
      connections: 64,
      count: rate * seconds,
      rate,
    });
    return { single: single.perSecond, bulk: bulk.perSecond, onSchedule: onSchedule.latency, own, redis };
  };

  try {
    await recordStock(servers.nats.url, NAMESPACE);
    await start('reads', program);
    await start('bare', path.join(__dirname, 'bare-route.ts'));
    await start('numbers', path.join(__dirname, 'bare-route.ts'), { NUMBERS: 'true' });
    await expectSameAnswers(appOf('reads').url, appOf('bare').url);
    const results = await interleaved<Measured>(
      {
        reads: () => measure('reads'),
        bare: () => measure('bare'),
        numbers: () => measure('numbers'),
      },
      { rounds, say },
    );
    const figures = (name: Contender, of: (measured: Measured) => number) => results(name).map(of);
    const row = (kind: Kind, floor: string, theirs: Contender, goal?: number): Row =>
      compare(
        {
          what: kind === 'single' ? 'single reads' : `bulk reads of ${BULK}`,
          unit: 'requests/s',
          floor,
          ...(goal ? { goal } : {}),
        },
        figures('reads', (measured) => measured[kind]),
        figures(theirs, (measured) => measured[kind]),
      );
    const names = ['reads', 'bare', 'numbers'] as const;
    const costs = names.map((name) => {
      const cost = (of: (measured: Measured) => number) => median(figures(name, of)).toFixed(2);
      return `${name} ${cost(({ own }) => own)} + ${cost(({ redis }) => redis)}`;
    });
    const latencies = names.map(
      (name) => `${name} ${medians(results(name).map(({ onSchedule }) => onSchedule))}`,
    );
    return {
      rows: [
        row('single', 'bare route, the same MGET', 'bare', GOAL),
        row('bulk', 'bare route, the same MGET', 'bare', GOAL),
        compare(
          {
            what: `bulk reads of ${BULK} at ${SCHEDULE.rate} a second, p99`,
            unit: 'ms',
            floor: 'bare route, the same MGET',
            most: SCHEDULE.mostMs,
          },
          figures('reads', ({ onSchedule }) => onSchedule.p99),
          figures('bare', ({ onSchedule }) => onSchedule.p99),
        ),
        row('single', 'bare route, MGET of plain numbers', 'numbers'),
        row('bulk', 'bare route, MGET of plain numbers', 'numbers'),
      ],
      notes: [
        `closed loop, ${CONNECTIONS} kept-alive connections, ${COUNTS.single} single and ${COUNTS.bulk} bulk reads a round of ${ITEMS.length} items, load generator in a process of its own; the built app with keys, checks, limits on reads that are never reached, and its projection`,
        'the bare route sends the same answers, byte for byte, from the same MGET; that of plain numbers reads `stock:<item>` as other programs do, and answers with a seventh of the bytes',
        `processor time of a bulk read, own process + redis-server, in ms: ${costs.join(', ')}`,
        `bulk reads at ${SCHEDULE.rate} a second for ${SCHEDULE.seconds} s, ms from the scheduled time, p50 / p99 / p99.9: ${latencies.join(', ')}`,
        `load average over 1, 5 and 15 minutes at the end: ${os
          .loadavg()
          .map((value) => value.toFixed(1))
          .join(', ')}`,
      ],
      versions: await serverVersions({ natsUrl: servers.nats.url, databaseUrl: servers.postgres.url }),
    };
  } finally {
    await Promise.all([load.stop(), ...[...apps.values()].map((app) => app.stop())]);
    await servers.stop();
  }
};

const exitOnSigterm = path.join(__dirname, '../ingest/exit-on-sigterm.js');
const FILLED_MS = 30_000;

/** Once the cache is filled. @throws VoidRun when the two do not say the same of everything */
const expectSameAnswers = async (ours: string, theirs: string): Promise<void> => {
  type Answer = Readonly<{ items: Readonly<Record<string, Readonly<{ source: string }>>> }>;
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
  const ask = (url: string) => {
    const init = { method: 'POST', headers, body: JSON.stringify({ itemIds: ITEMS }) };
    return readJson<Answer>(`${url}/api/stock/bulk`, init);
  };
  for (const deadline = performance.now() + FILLED_MS; ; ) {
    const { items } = await ask(ours);
    const isFilled = Object.values(items).every(({ source }) => source === 'cache');
    if (isFilled) {
      if (isDeepStrictEqual(items, (await ask(theirs)).items)) return;
      throw new VoidRun('the bare route answers with something else');
    }
    if (performance.now() > deadline) throw new VoidRun('the cache was never filled');
  }
};
