import Redis from 'ioredis';
import { Client } from 'pg';
import { type System } from './system';

/** Looks into the stores as another program would: plain Redis and SQL. */
export const openStores = async ({ servers, naming }: Pick<System, 'servers' | 'naming'>) => {
  const redis = new Redis(servers.redisUrl);
  const postgres = new Client({
    connectionString: servers.databaseUrl,
    options: `-c search_path=${naming.schema}`,
  });
  await postgres.connect();
  const key = (tail: string) => naming.redisKey(tail);
  return {
    redis,
    /** `stock:<item>`, as a number; nothing when the key is absent. */
    stockInRedis: async (item: string): Promise<number | undefined> => {
      const value = await redis.get(key(`stock:${item}`));
      return value === null ? undefined : Number(value);
    },
    levelInRedis: (item: string, warehouse: string) => redis.hgetall(key(`stock:${item}:${warehouse}`)),
    balances: async () => (await postgres.query<BalanceRow>('SELECT * FROM balances')).rows,
    auditCount: async () =>
      Number((await postgres.query('SELECT count(*) AS n FROM audit_events')).rows[0].n),
    sql: async (statement: string) => (await postgres.query(statement)).rows,
    close: async () => {
      redis.disconnect();
      await postgres.end();
    },
  };
};

export type Stores = Awaited<ReturnType<typeof openStores>>;

export type BalanceRow = Readonly<
  Record<
    | 'item_id'
    | 'warehouse_id'
    | 'on_hand'
    | 'committed'
    | 'physical_on_hand'
    | 'physical_committed'
    | 'in_transit'
    | 'reserved',
    string
  > & { provisional: boolean; revision: number }
>;
