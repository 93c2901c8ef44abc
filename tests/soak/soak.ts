import path from 'node:path';
import { startServers } from '../../deploy/local/servers';
import { startApp } from '../bench/app';
import { VoidRun } from '../bench/bench';
import type { LoadTasks } from '../bench/ingest/load.worker';
import { LINES, SECRET, WAREHOUSE } from '../bench/ingest/webhooks';
import { openEffects } from '../bench/latency/effects';
import { serverVersions } from '../bench/server-versions';
import { startWorker } from '../bench/worker';
import { openProbe } from './probe';
import type { Sample } from './sample';

export type SoakOptions = Readonly<{
  program: string;
  minutes: number;
  /** Webhooks a second. */
  rate: number;
  dataDir: string;
  say: (progress: string) => void;
  stopped: AbortSignal;
}>;

export type SoakResult = Readonly<{
  webhooks: number;
  events: number;
  samples: readonly Sample[];
  versions: Readonly<Record<string, string>>;
}>;

const NAMESPACE = 'soak';
/** A sample is taken after so many seconds of load; at least twenty of them, so that halves can be compared. */
const SLICE_SECONDS = 10;
const LEAST_SLICES = 20;
/** Few enough that none is idle for so long that the server closes it. */
const connectionsFor = (rate: number): number => Math.ceil(rate / 4);

/**
 * Webhooks on schedule into the whole of Tallystream in one process, and a look at it after each slice of time.
 * @throws VoidRun when one stays without an answer or an effect, or stores differ at the end
 */
export const soak = async (options: SoakOptions): Promise<SoakResult> => {
  const { program, minutes, rate, dataDir, say, stopped } = options;
  const seconds = Math.min(SLICE_SECONDS, (minutes * 60) / LEAST_SLICES);
  const count = Math.max(1, Math.round(rate * seconds));
  /** How what was opened is closed again, the last first. */
  const closers: (() => Promise<unknown>)[] = [];
  const samples: Sample[] = [];
  let first = 0;
  try {
    const servers = await startServers({ dataDir, quiet: true });
    closers.unshift(() => servers.stop());
    const { nats, postgres, redis } = servers;
    const environment = {
      ...servers.env,
      NAMESPACE,
      LOG_LEVEL: 'warn',
      API_KEYS: 'soak:admin:soak-admin-key-0123456789',
      ZOHO_WEBHOOK_SECRET: SECRET,
      SALES_WAREHOUSE_ID: WAREHOUSE,
    };
    const app = await startApp(program, environment, { health: '/health/ready', isUp: () => true });
    closers.unshift(() => app.stop());
    const load = startWorker<LoadTasks>(path.join(__dirname, '../bench/ingest/load.worker.ts'));
    closers.unshift(() => load.stop());
    const place = { redisUrl: redis.url, databaseUrl: postgres.url, namespace: NAMESPACE };
    const effects = await openEffects(place);
    closers.unshift(() => effects.close());
    const probe = await openProbe({ app, servers, namespace: NAMESPACE });
    closers.unshift(() => probe.close());
    const began = performance.now();
    const passed = () => (performance.now() - began) / 60_000;
    while (passed() < minutes && !stopped.aborted) {
      const sent = await load.run('send', {
        port: app.port,
        connections: connectionsFor(rate),
        count,
        first,
        rate,
      });
      first += count;
      samples.push({ minute: passed(), answered: sent.latency.p99, ...(await probe.look()) });
      if (samples.length % 6 === 0) say(`  ${passed().toFixed(1)} of ${minutes} minutes`);
    }
    // Each of the newest webhooks in the trail with all its events, and the stores of one mind about every level.
    await effects.positions({ first: Math.max(0, first - count), count });
    await effects.expectAgreement();
    const events = await probe.events();
    if (events !== first * (1 + LINES))
      throw new VoidRun(`the ledger holds ${events} events of ${first} webhooks, not ${first * (1 + LINES)}`);
    const versions = await serverVersions({ natsUrl: nats.url, databaseUrl: postgres.url });
    return { webhooks: first, events, samples, versions };
  } finally {
    for (const close of closers) await close();
  }
};
