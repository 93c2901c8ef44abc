import type { StockChanged } from '@tallystream/contracts';
import { stores } from '@tallystream/projection-store';
import Redis from 'ioredis';
import { AckPolicy, DeliverPolicy, type JsMsg, type NatsConnection } from 'nats';
import { Client } from 'pg';
import { VoidRun } from '../bench';
import { connectTo } from '../ledger/captured';
import { timed } from '../stopwatch';
import { serve } from '../worker';
import type { Place, StoreOfBench } from './place';

const BATCH = 1_000;
let run = 0;

const tasks = {
  /** The plainest program that leaves the same in a store: consume, parse, write a thousand at a time. */
  write: async ({ store, ...place }: Place & Readonly<{ store: StoreOfBench }>) => {
    const nats = await connectTo(place.natsUrl);
    const write = store === 'stock-cache' ? intoRedis : store === 'balances' ? intoBalances : intoTrail;
    const time = await write(place, nats);
    await nats.close();
    return { ...time, eventsPerSecond: place.events / time.seconds };
  },
};

export type RawTasks = typeof tasks;

const batchesOf = async (
  nats: NatsConnection,
  { namespace, natsPid }: Place,
  newest: boolean,
  write: (batch: readonly JsMsg[]) => Promise<unknown>,
) =>
  timed(natsPid, async () => {
    const manager = await nats.jetstreamManager();
    const { name, num_pending: due } = await manager.consumers.add(`${namespace}_STOCK`, {
      name: `raw-${++run}`,
      ack_policy: AckPolicy.None,
      deliver_policy: newest ? DeliverPolicy.LastPerSubject : DeliverPolicy.All,
      filter_subject: `${namespace}.stock.>`,
      mem_storage: true,
    });
    const consumer = await nats.jetstream().consumers.get(`${namespace}_STOCK`, name);
    let batch: JsMsg[] = [];
    let seen = 0;
    for await (const message of await consumer.consume({ max_messages: BATCH * 4 })) {
      batch.push(message);
      seen += 1;
      if (batch.length < BATCH && seen < due) continue;
      await write(batch);
      batch = [];
      if (seen === due) break;
    }
    await manager.consumers.delete(`${namespace}_STOCK`, name);
  });

const dataOf = (message: JsMsg): StockChanged => message.json();

/** The same tables with the same indexes, in a schema of their own. */
const emptyTables = async (store: 'balances' | 'audit-trail', { databaseUrl: url }: Place) => {
  const schema = `raw_${++run}`;
  const database = stores[store].open({ url, schema });
  await database.ready();
  await database.onApplicationShutdown();
  const client = new Client({
    connectionString: url,
    options: `-c search_path=${schema} -c synchronous_commit=off`,
  });
  await client.connect();
  return client;
};

const holds = async (client: Client, table: string, due: number): Promise<void> => {
  const { rows } = await client.query(`SELECT count(*)::int AS n FROM ${table}`);
  if (rows[0].n !== due) throw new VoidRun(`${table} holds ${rows[0].n} rows instead of ${due}`);
  await client.end();
};

const intoBalances = async (place: Place, nats: NatsConnection) => {
  const client = await emptyTables('balances', place);
  const time = await batchesOf(nats, place, false, async (batch) => {
    const newest = new Map<string, readonly [JsMsg, StockChanged]>();
    for (const message of batch) {
      const data = dataOf(message);
      newest.set(`${data.warehouseId} ${data.itemId}`, [message, data]);
    }
    const rows = [...newest.values()];
    const column = (value: (data: StockChanged, message: JsMsg) => unknown) =>
      rows.map(([message, data]) => value(data, message));
    await client.query(BALANCES, [
      column((data) => data.warehouseId),
      column((data) => data.itemId),
      column((data) => data.sku),
      column((data) => data.after.onHand),
      column((data) => data.after.committed),
      column((data) => data.revision),
      column((_, message) => message.seq),
      column((data) => data.occurredAt),
    ]);
  });
  await holds(client, 'balances', Math.min(2_000, place.events));
  return time;
};

const BALANCES = `
  INSERT INTO balances AS b (warehouse_id, item_id, sku, on_hand, committed, physical_on_hand, physical_committed,
    in_transit, reserved, provisional, revision, sequence, occurred_at, recorded_at)
  SELECT w, i, s, o, c, o, c, 0, 0, false, r, n, t, t
  FROM unnest($1::text[], $2::text[], $3::text[], $4::numeric[], $5::numeric[], $6::integer[], $7::bigint[],
    $8::timestamptz[]) AS x (w, i, s, o, c, r, n, t)
  ON CONFLICT (warehouse_id, item_id) DO UPDATE SET on_hand = EXCLUDED.on_hand, revision = EXCLUDED.revision,
    sequence = EXCLUDED.sequence, occurred_at = EXCLUDED.occurred_at, recorded_at = EXCLUDED.recorded_at
  WHERE b.revision < EXCLUDED.revision`;

const intoTrail = async (place: Place, nats: NatsConnection) => {
  const client = await emptyTables('audit-trail', place);
  await client.query(`SELECT make_audit_partition('audit_events', now()::date)`);
  const hash = Buffer.alloc(32);
  const time = await batchesOf(nats, place, false, async (batch) => {
    const rows = batch.map((message) => [message, dataOf(message)] as const);
    const column = (value: (data: StockChanged, message: JsMsg) => unknown) =>
      rows.map(([message, data]) => value(data, message));
    await client.query(TRAIL, [
      column((_, message) => message.seq),
      column((_, message) => message.headers?.get('ce-id')),
      column((_, message) => message.subject),
      column((data) => data.itemId),
      column((data) => data.warehouseId),
      column((data) => data.revision),
      column((data) => data.document?.id),
      column((data) => data.cause.id),
      column((data) => data.occurredAt),
      column((_, message) => message.string()),
      hash,
    ]);
  });
  await holds(client, 'audit_events', place.events);
  return time;
};

const TRAIL = `
  INSERT INTO audit_events (sequence, id, type, ce_type, subject, item_id, warehouse_id, revision, reason,
    document_type, document_id, cause_kind, cause_id, actor, occurred_at, recorded_at, data, hash)
  SELECT n, e, 'StockChanged', 'com.tallystream.stock.changed.v1', s, i, w, r, 'sale', 'invoice', d, 'webhook', c,
    'zoho', t, now(), j, $11::bytea
  FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::text[], $8::text[],
    $9::timestamptz[], $10::text[]) AS x (n, e, s, i, w, r, d, c, t, j)`;

const intoRedis = async (place: Place, nats: NatsConnection) => {
  const redis = new Redis(place.redisUrl);
  await redis.flushdb();
  const time = await batchesOf(nats, place, true, async (batch) => {
    const pipeline = redis.pipeline();
    for (const message of batch) {
      const { itemId, warehouseId, after, revision } = dataOf(message);
      pipeline.hset(`raw:${itemId}:${warehouseId}`, { ...after, revision, seq: message.seq });
      pipeline.set(`raw-level:${itemId}:${warehouseId}`, message.string(), 'EX', 14_400);
      pipeline.set(`raw:${itemId}`, after.onHand - after.committed, 'EX', 14_400);
    }
    await pipeline.exec();
  });
  const keys = await redis.dbsize();
  redis.disconnect();
  if (keys !== Math.min(2_000, place.events) * 3) throw new VoidRun(`Redis holds ${keys} keys`);
  return time;
};

serve(tasks);
