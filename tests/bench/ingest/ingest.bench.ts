import path from 'node:path';
import { namingFor } from '@tallystream/contracts';
import { openConnection, provisionStreams } from '@tallystream/jetstream';
import { ensureBuilt } from '../../../deploy/local/build';
import { startNats, startPostgres } from '../../../deploy/local/servers';
import { type Bench, compare, interleaved, median, type Row, VoidRun } from '../bench';
import { cpuSeconds } from '../environment';
import { serverVersions } from '../server-versions';
import { startWorker } from '../worker';
import type { LoadTasks } from './load.worker';
import { type Program, type System, startSystem } from './system-under-load';

const GOAL = 0.75;
const CONNECTIONS = 32;
const WEBHOOKS = 6_000;
/** Webhooks a second of the latency rows: below what any contender takes. */
const RATE = 200;
const OPEN_LOOP = 1_000;

const program = (name: string) => path.join(__dirname, `${name}.ts`);

type Measured = Readonly<{
  perSecond: number;
  /** Milliseconds of processor time for each webhook, until the answers were out. */
  own: number;
  nats: number;
  /** Share of the webhooks that the translator had still to do when the last answer was out. */
  backlog: number;
}>;

/** The door for webhooks against a bare route: the whole app, its HTTP path alone, and both with consumers. */
export const ingest: Bench = async ({ rounds, dataDir, say, profiles }) => {
  const ingress: Program = { file: await ensureBuilt('ingress'), consumers: true };
  const programs = {
    ingress,
    'http path': { file: program('http-path'), consumers: false },
    bare: { file: program('bare-route'), consumers: false },
    'bare with consumers': { file: program('bare-route'), consumers: true, env: { CONSUMERS: 'true' } },
  } satisfies Record<string, Program>;
  const nats = await startNats({ dataDir, syncInterval: 'always' });
  const postgres = await startPostgres({ dataDir });
  const load = startWorker<LoadTasks>(path.join(__dirname, 'load.worker.ts'));
  const systems = new Map<string, System>();
  let first = 0;

  const storm = async (name: string): Promise<Measured> => {
    const system = systems.get(name) ?? missing(name);
    first += WEBHOOKS;
    const stored = await system.stored();
    const before = [system.cpu(), cpuSeconds(nats.pid) ?? Number.NaN] as const;
    const { perSecond } = await load.run('send', {
      port: system.port,
      connections: CONNECTIONS,
      count: WEBHOOKS,
      first,
    });
    const own = ((system.cpu() - before[0]) / WEBHOOKS) * 1_000;
    const natsCpu = (((cpuSeconds(nats.pid) ?? Number.NaN) - before[1]) / WEBHOOKS) * 1_000;
    const backlog = (await system.backlog()) / WEBHOOKS;
    const added = (await system.stored()) - stored;
    if (added !== WEBHOOKS) throw new VoidRun(`${added} of ${WEBHOOKS} accepted webhooks lie in the inbox`);
    await system.drained();
    return { perSecond, own, nats: natsCpu, backlog };
  };

  const onSchedule = async (name: string): Promise<string> => {
    const system = systems.get(name) ?? missing(name);
    first += WEBHOOKS;
    const { latency } = await load.run('send', {
      port: system.port,
      connections: 256,
      count: OPEN_LOOP,
      first,
      rate: RATE,
    });
    await system.drained();
    const ms = [latency.p50, latency.p99, latency.p999].map((value) => value.toFixed(1));
    return `${name} ${ms.join(' / ')}`;
  };

  try {
    for (const [index, [name, each]] of Object.entries(programs).entries()) {
      const namespace = `bench_${index}`;
      await provision(nats.url, namespace);
      const servers = { natsUrl: nats.url, databaseUrl: postgres.url, ...(profiles ? { profiles } : {}) };
      systems.set(name, await startSystem(each, namespace, servers));
    }
    const results = await interleaved<Measured>(
      Object.fromEntries(Object.keys(programs).map((name) => [name, () => storm(name)])),
      { rounds, say },
    );
    const latencies: string[] = [];
    for (const name of Object.keys(programs)) latencies.push(await onSchedule(name));
    const figures = (name: keyof typeof programs) => results(name).map(({ perSecond }) => perSecond);
    const row = (
      what: string,
      mine: keyof typeof programs,
      floor: string,
      theirs: keyof typeof programs,
      goal?: number,
    ): Row =>
      compare({ what, unit: 'requests/s', floor, ...(goal ? { goal } : {}) }, figures(mine), figures(theirs));
    return {
      rows: [
        row('ingress, translator and webhook log in the same process', 'ingress', 'bare route', 'bare', GOAL),
        row('ingress, HTTP path alone: consumers off', 'http path', 'bare route', 'bare', GOAL),
        row(
          'ingress, translator and webhook log in the same process',
          'ingress',
          'bare route with the same consumers',
          'bare with consumers',
          GOAL,
        ),
      ],
      notes: [
        `closed loop, ${CONNECTIONS} kept-alive connections, ${WEBHOOKS} signed invoices of 11 kB and 5 lines a round, load generator in a process of its own, NATS with sync_interval: always`,
        `processor time a webhook, own process + nats-server, in ms: ${Object.keys(programs)
          .map((name) => `${name} ${cost(results(name))}`)
          .join(', ')}`,
        `left to the translator when the last answer was out: ${['ingress', 'bare with consumers']
          .map((name) => `${name} ${percent(results(name))}`)
          .join(', ')} of the webhooks`,
        `open loop, ${RATE} a second, ms from the scheduled time, p50 / p99 / p99.9: ${latencies.join(', ')}`,
      ],
      versions: await serverVersions({ natsUrl: nats.url, databaseUrl: postgres.url }),
    };
  } finally {
    await Promise.all([load.stop(), ...[...systems.values()].map((system) => system.stop())]);
    await Promise.all([nats.stop(), postgres.stop()]);
  }
};

const cost = (measured: readonly Measured[]): string =>
  `${median(measured.map(({ own }) => own)).toFixed(2)} + ${median(measured.map(({ nats }) => nats)).toFixed(2)}`;

const percent = (measured: readonly Measured[]): string =>
  `${(median(measured.map(({ backlog }) => backlog)) * 100).toFixed(0)} %`;

const provision = async (url: string, namespace: string): Promise<void> => {
  const quiet = { info: () => undefined, warn: () => undefined };
  const connection = openConnection({ url, name: 'bench' }, quiet);
  await connection.ready();
  await provisionStreams(connection, namingFor(namespace));
  await connection.close();
};

const missing = (name: string): never => {
  throw new Error(`${name} does not run`);
};
