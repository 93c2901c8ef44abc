import {
  type Naming,
  type StockChanged,
  type StreamSeq,
  streamSeq,
  warehouseIdSchema,
} from '@tallystream/contracts';
import {
  type JetStreamConnection,
  lastSequence,
  readStream,
  type StreamMessage,
} from '@tallystream/jetstream';
import { storedEvent } from '@tallystream/ledger';
import {
  appendAuditEvents,
  auditDatabase,
  balancesDatabase,
  type Database,
  newestHash,
  writeBalances,
} from '@tallystream/projection-store';
import { openRedis, stockCache } from '@tallystream/redis';
import type { Servers } from './operations-app';

export const SALES = warehouseIdSchema.parse('main');

/** The three stores, as their projections leave them. */
export const openStores = (servers: Servers, connection: JetStreamConnection, naming: Naming) => {
  const parts = { url: servers.databaseUrl, schema: naming.schema };
  const [balances, audit] = [balancesDatabase(parts), auditDatabase(parts)];
  const redis = openRedis(servers.redisUrl);
  const cache = stockCache(redis, naming, { ttlSeconds: 600, salesWarehouse: SALES });
  let filledTo = streamSeq(0);

  const messages = async (): Promise<readonly StreamMessage[]> => {
    const found: StreamMessage[] = [];
    const stream = naming.stream('STOCK');
    const until = await lastSequence(connection, stream);
    const subject = naming.subject('stock.>');
    await readStream(connection, { stream, subject, after: filledTo, until }, (message) => {
      found.push(message);
    });
    return found;
  };
  const moveTo = (database: Database, projection: string, to: StreamSeq) =>
    database.query(
      `INSERT INTO projection_checkpoints (projection, sequence) VALUES ($1, $2)
       ON CONFLICT (projection) DO UPDATE SET sequence = EXCLUDED.sequence`,
      [projection, to],
    );

  return {
    balances,
    audit,
    redis,
    /** Brings all that is in the ledger into the stores. */
    fill: async (): Promise<void> => {
      const all = await messages();
      const events = all.map((message) => ({ ...storedEvent(message), message }));
      const moves = events.flatMap(({ event, seq, storedAt }) =>
        event.type === 'StockChanged' ? [{ data: event.data satisfies StockChanged, seq, storedAt }] : [],
      );
      const to = all.at(-1)?.seq ?? filledTo;
      await balances.transaction((manager) => writeBalances(manager, moves));
      await moveTo(balances, 'balances', to);
      const previous = await newestHash(audit);
      const rows = events.map(({ event, seq, storedAt, message }) => ({
        event,
        seq,
        storedAt,
        subject: message.subject,
        id: message.header('ce-id') ?? '',
        ceType: message.header('ce-type') ?? '',
        data: message.data,
      }));
      await audit.transaction((manager) => appendAuditEvents(manager, previous, rows));
      await moveTo(audit, 'audit-trail', to);
      await cache.apply(moves, await cache.checkpoint(), to);
      filledTo = to;
    },
    close: async (): Promise<void> => {
      await balances.query(`DROP SCHEMA "${naming.schema}" CASCADE`);
      await balances.onApplicationShutdown();
      await audit.onApplicationShutdown();
      redis.disconnect();
    },
  };
};

export type Stores = ReturnType<typeof openStores>;
