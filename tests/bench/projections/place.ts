/** The servers, and the data on them. */
export type Place = Readonly<{
  natsUrl: string;
  natsPid: number;
  databaseUrl: string;
  redisUrl: string;
  namespace: string;
  events: number;
}>;

export type StoreOfBench = 'balances' | 'audit-trail' | 'stock-cache';
