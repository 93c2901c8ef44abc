import path from 'node:path';
import { startNats, startPostgres } from '../../../deploy/local/servers';
import { type Bench, type BenchSettings, compare, interleaved, median, type Row } from '../bench';
import { packageVersion } from '../environment';
import { serverVersions } from '../server-versions';
import type { Timed } from '../stopwatch';
import { startWorker, type Tasks } from '../worker';
import type { Levels } from './documents';
import type { EmmettTasks } from './emmett.worker';
import type { LedgerTasks } from './ledger.worker';
import type { RawBatchTasks } from './raw-batches.worker';

const GOAL_OF_FLOOR = 0.5;
const GOAL_OF_PEER = 3;
const HOT: Levels = { hot: 2_000 };
/** Documents a round: fewer where every message is synced, which takes about ten times as long. */
const AMOUNTS = { always: { hot: 2_500, unique: 1_000 }, default: { hot: 10_000, unique: 3_000 } };
const MANY = 512;
/** As many webhooks as the translator has in hand (apps/ingress). */
const TRANSLATOR = 128;
/** Most whole documents of six events that fit into one atomic batch. */
const FULL_BATCH = 996;
/** Twice the default of its pool; other numbers were not tried. */
const EMMETT_CONNECTIONS = 20;

type Measured = Timed & Readonly<{ eventsPerSecond: number }>;

/** The ledger against raw atomic batches of the same messages, and against emmett with the same events. */
export const ledger: Bench = async (settings) => {
  const rows: Row[] = [];
  const notes: string[] = [];
  let versions = {};
  for (const sync of ['always', 'default'] as const) {
    settings.say(`sync_interval: ${sync}`);
    const result = await measure(settings, sync);
    rows.push(...result.rows);
    notes.push(...result.notes);
    versions = { ...result.versions, emmett: packageVersion('@event-driven-io/emmett-postgresql') };
  }
  notes.push(
    `emmett appends the same events (data, and headers as metadata), 6 a commit, each commit to a stream of its own, ${EMMETT_CONNECTIONS} connections and commits in flight; where NATS does not sync on every write, Postgres runs with fsync and synchronous_commit off, too`,
    'each contender has a process of its own; warm-up round, then the rounds interleaved; figures are medians',
  );
  return { rows, notes, versions };
};

const measure = async (settings: BenchSettings, sync: 'always' | 'default') => {
  const dataDir = path.join(settings.dataDir, sync);
  const durable = sync === 'always';
  // 2m is nats-server's own default.
  const nats = await startNats({ dataDir, syncInterval: durable ? 'always' : '2m' });
  const postgres = await startPostgres({ dataDir, durable });
  const start = <T extends Tasks>(name: string) =>
    startWorker<T>(path.join(__dirname, `${name}.worker.ts`), settings.profiles);
  const ledgers = start<LedgerTasks>('ledger');
  const raw = { hot: start<RawBatchTasks>('raw-batches'), unique: start<RawBatchTasks>('raw-batches') };
  const emmett = start<EmmettTasks>('emmett');
  const { url: natsUrl, pid: natsPid } = nats;
  const amounts = AMOUNTS[sync];
  let run = 0;
  /** Names of one length, so that subjects and bytes are the same. */
  const namespace = () => `bench_${String(++run).padStart(4, '0')}`;

  const commit = (levels: Levels, documents: number, inFlight: number, into = namespace()) =>
    ledgers.run('commit', { natsUrl, natsPid, namespace: into, levels, documents, inFlight });
  const publish = (which: keyof typeof raw, size?: number) =>
    raw[which].run('publish', { natsUrl, natsPid, namespace: namespace(), ...(size ? { size } : {}) });

  try {
    const [hot, unique] = [namespace(), namespace()];
    await commit(HOT, amounts.hot, MANY, hot);
    await commit('unique', amounts.unique, MANY, unique);
    const captured = await raw.hot.run('capture', { natsUrl, namespace: hot });
    const capturedUnique = await raw.unique.run('capture', { natsUrl, namespace: unique });
    await emmett.run('capture', { natsUrl, namespace: hot });
    const results = await interleaved<Measured>(
      {
        ledger: () => commit(HOT, amounts.hot, MANY),
        'raw same': () => publish('hot'),
        'ledger 128': () => commit(HOT, amounts.hot, TRANSLATOR),
        'raw full': () => publish('hot', FULL_BATCH),
        'ledger unique': () => commit('unique', amounts.unique, MANY),
        'raw unique': () => publish('unique'),
        emmett: (round) =>
          emmett.run('append', {
            url: postgres.url,
            postgresPid: postgres.pid,
            connections: EMMETT_CONNECTIONS,
            run: String(round),
          }),
      },
      settings,
    );
    const figures = (name: string) => results(name).map(({ eventsPerSecond }) => eventsPerSecond);
    const row = (what: string, mine: string, floor: string, theirs: string, goal?: number): Row =>
      compare(
        { what: `${what}; sync ${sync}`, unit: 'events/s', floor, ...(goal ? { goal } : {}) },
        figures(mine),
        figures(theirs),
      );
    const sameSizes = 'raw batches, same sizes';
    const fullBatches = `raw batches of ${FULL_BATCH}`;
    const peer = `emmett, ${durable ? 'durable' : 'not durable'}`;
    return {
      rows: [
        row('2,000 hot levels, 512 in flight', 'ledger', sameSizes, 'raw same', GOAL_OF_FLOOR),
        row('2,000 hot levels, 512 in flight', 'ledger', fullBatches, 'raw full'),
        row('2,000 hot levels, 512 in flight', 'ledger', peer, 'emmett', GOAL_OF_PEER),
        row('2,000 hot levels, 128 in flight', 'ledger 128', fullBatches, 'raw full'),
        row('unique levels, 512 in flight', 'ledger unique', sameSizes, 'raw unique'),
      ],
      versions: await serverVersions({ natsUrl, databaseUrl: postgres.url }),
      notes: [
        `sync ${sync}: batches of the ledger: ${sizes(captured.sizes)}, of unique levels ${sizes(capturedUnique.sizes)}; ${captured.bytes.toFixed(0)} bytes of data an event`,
        `sync ${sync}: cores in use, own process + nats-server: ${['ledger', 'raw same', 'ledger unique', 'raw unique'].map((name) => `${name} ${cores(results(name))}`).join(', ')}`,
      ],
    };
  } finally {
    await Promise.all([ledgers.stop(), raw.hot.stop(), raw.unique.stop(), emmett.stop()]);
    await Promise.all([nats.stop(), postgres.stop()]);
  }
};

const sizes = (all: readonly number[]): string => `median ${median(all)} (${all.length} batches)`;

const cores = (measured: readonly Measured[]): string =>
  [measured.map(({ own }) => own), measured.map(({ server }) => server)]
    .map((shares) => median(shares).toFixed(2))
    .join(' + ');
