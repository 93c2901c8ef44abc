import path from 'node:path';
import { startServers } from '../../../deploy/local/servers';
import { type Bench, compare, interleaved } from '../bench';
import { serverVersions } from '../server-versions';
import type { Timed } from '../stopwatch';
import { startWorker } from '../worker';
import type { Place, StoreOfBench } from './place';
import type { RawTasks } from './raw.worker';
import type { RebuildTasks } from './rebuild.worker';

const GOAL = 0.6;
const EVENTS = 200_000;
const STORES: readonly StoreOfBench[] = ['balances', 'audit-trail', 'stock-cache'];

type Measured = Timed & Readonly<{ eventsPerSecond: number }>;

/** Each projection made again, against a bare program that reads the same stream and writes the same rows. */
export const projections: Bench = async ({ rounds, dataDir, say, profiles, events = EVENTS }) => {
  const servers = await startServers({ dataDir, syncInterval: '2m' });
  const rebuilder = startWorker<RebuildTasks>(path.join(__dirname, 'rebuild.worker.ts'), profiles);
  const raw = startWorker<RawTasks>(path.join(__dirname, 'raw.worker.ts'));
  const place: Place = {
    natsUrl: servers.nats.url,
    natsPid: servers.nats.pid,
    databaseUrl: servers.postgres.url,
    redisUrl: servers.redis.url,
    namespace: 'bench',
    events,
  };
  try {
    const levels = await rebuilder.run('record', place);
    say(`  ${events} events of ${levels} levels`);
    const results = await interleaved<Measured>(
      Object.fromEntries(
        STORES.flatMap((store) => [
          [store, () => rebuilder.run('rebuild', { ...place, store })],
          [`raw ${store}`, () => raw.run('write', { ...place, store })],
        ]),
      ),
      { rounds, say },
    );
    const figures = (name: string) => results(name).map(({ eventsPerSecond }) => eventsPerSecond);
    const read = {
      'stock-cache': 'the newest of every level',
      balances: 'every event',
      'audit-trail': 'every event',
    };
    return {
      rows: STORES.map((store) =>
        compare(
          {
            what: `${store} made again from ${events.toLocaleString('en-US')} events`,
            unit: 'events/s',
            floor: `raw: ${read[store]}, 1,000 a write`,
            goal: GOAL,
          },
          figures(store),
          figures(`raw ${store}`),
        ),
      ),
      versions: await serverVersions({ natsUrl: place.natsUrl, databaseUrl: place.databaseUrl }),
      notes: [
        `${levels.toLocaleString('en-US')} levels, sales round and round; the rebuild also checks each event, keeps the hash chain, compares all rows with the live ones, and swaps`,
        'raw writes into the same tables with the same indexes, a transaction a batch; both without waiting for the disk',
        'the stock cache is made again from nothing, of which both read the newest event of each level only: events/s are those that were spared, too',
      ],
    };
  } finally {
    await Promise.all([rebuilder.stop(), raw.stop()]);
    await servers.stop();
  }
};
