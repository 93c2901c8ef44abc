import 'reflect-metadata';
import { namingFor, warehouseIdSchema } from '@tallystream/contracts';
import { type JetStreamConnection, openConnection } from '@tallystream/jetstream';
import { storedEvent } from '@tallystream/ledger';
import { keepHeapTight } from '@tallystream/platform';
import { type Database, makeNextVersionsAhead, stores } from '@tallystream/projection-store';
import { postgresStore, type RebuiltStore } from '@tallystream/rebuild';
import { openRedis, stockCacheRepair } from '@tallystream/redis';
import { audit, auditFold } from '../../../apps/audit-trail/src/audit.projector';
import { recordedEventOf } from '../../../apps/audit-trail/src/recorded-event';
import { balances, balancesFold } from '../../../apps/balances/src/balances.projector';
import { cacheRebuild } from '../../../apps/stock-cache/src/rebuild/cache-rebuild';
import { VoidRun } from '../bench';
import { timed } from '../stopwatch';
import { serve } from '../worker';
import { recordSales } from './events';
import type { Place, StoreOfBench } from './place';

const quiet = { info: () => undefined, warn: () => undefined };
const ofBalances = { consumer: balances, read: storedEvent, fold: balancesFold };
const ofTrail = { consumer: audit, read: recordedEventOf, fold: auditFold };

const tasks = {
  record: ({ natsUrl, namespace, events }: Place) => recordSales(natsUrl, namespace, events),

  /** As an app does it: from the first event to the swap. */
  rebuild: async ({ store, ...place }: Place & Readonly<{ store: StoreOfBench }>) => {
    const { natsUrl, natsPid, events } = place;
    const connection = openConnection({ url: natsUrl, name: 'bench' }, quiet);
    await connection.ready();
    const opened =
      store === 'stock-cache' ? openCache(place, connection) : openTables(store, place, connection);
    const options = { dryRun: false, signal: new AbortController().signal, progress: () => undefined };
    await opened.prepare();
    const time = await timed(natsPid, async () => {
      const { swapped } = await opened.store.rebuild(options);
      if (!swapped) throw new VoidRun(`${store} was not swapped`);
    });
    await opened.close();
    await connection.close();
    return { ...time, eventsPerSecond: events / time.seconds };
  },
};

type Opened = Readonly<{
  store: RebuiltStore;
  prepare: () => Promise<unknown>;
  close: () => Promise<void>;
}>;

const openTables = (
  name: Exclude<StoreOfBench, 'stock-cache'>,
  { databaseUrl: url, namespace }: Place,
  connection: JetStreamConnection,
): Opened => {
  const naming = namingFor(namespace);
  const live: Database = stores[name].open({ url, schema: naming.schema });
  const where = { connection, naming, live, url, store: name };
  const store =
    name === 'balances'
      ? postgresStore({ ...where, madeOf: [ofBalances] })
      : postgresStore({ ...where, madeOf: [ofTrail] });
  // As the provisioner does.
  const prepare = () => makeNextVersionsAhead(live, url);
  return { store, prepare, close: () => live.onApplicationShutdown() };
};

/** Of a cache that lost all its keys. */
const openCache = ({ redisUrl, namespace }: Place, connection: JetStreamConnection): Opened => {
  const naming = namingFor(namespace);
  const redis = openRedis(redisUrl);
  const salesWarehouse = warehouseIdSchema.parse('2646610000000077024');
  const cache = stockCacheRepair(redis, naming, { ttlSeconds: 14_400, salesWarehouse });
  const store = cacheRebuild({ connection, naming, cache });
  const prepare = async () => {
    if (redis.status !== 'ready') await new Promise<void>((resolve) => redis.once('ready', () => resolve()));
    await redis.flushdb();
  };
  return { store, prepare, close: async () => redis.disconnect() };
};

export type RebuildTasks = typeof tasks;

// As every process of ours.
keepHeapTight();
serve(tasks);
