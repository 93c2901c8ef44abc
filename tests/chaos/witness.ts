import type { StreamName } from '@tallystream/contracts';
import { eventually, natsOptions } from '@tallystream/testing';
import Redis from 'ioredis';
import { connect } from 'nats';
import { Pool } from 'pg';
import type { House } from './house';
import { untilReady } from './program';

/** Seconds until each went on as before; the last one is when all did. */
export type Recovery = Readonly<Record<'accepting' | 'handling' | 'projecting' | 'ready', number>>;

/** Looks on from outside, over no line: whether the whole works, from webhook to stores. */
export const openWitness = async (house: House) => {
  const { naming, servers, front } = house;
  const nats = await connect({
    ...natsOptions(servers.natsUrl),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    // One of a cluster that hangs is left for another.
    timeout: 2_000,
    pingInterval: 1_000,
  });
  const postgres = new Pool({ connectionString: servers.databaseUrl, connectionTimeoutMillis: 2_000 });
  const redis = new Redis(servers.redisUrl, { maxRetriesPerRequest: 1, retryStrategy: () => 100 });
  // Servers come and go here; who asks and gets no answer asks again.
  postgres.on('error', () => undefined);
  redis.on('error', () => undefined);
  const manager = await nats.jetstreamManager({ checkAPI: false, timeout: 2_000 });

  const newest = async (stream: 'STOCK' | 'ZOHO_OUTCOMES', subject: string): Promise<number> =>
    (await manager.streams.getMessage(naming.stream(stream), { last_by_subj: subject })).seq;

  /** Where the store that lags most is in the ledger. */
  const reached = async (): Promise<number> => {
    const { rows } = await postgres.query<{ sequence: string }>(
      `SELECT min(sequence) AS sequence FROM ${naming.schema}.projection_checkpoints
       WHERE projection IN ('balances', 'audit-trail')`,
    );
    const [cached] = (await redis.get(naming.redisKey('stock-cache:checkpoint')))?.split(' ') ?? [];
    return Math.min(Number(rows[0]?.sequence), Number(cached ?? 0));
  };

  return {
    nats,
    manager,
    /** Makes the server that leads one of `led` leave that to another; while none leads, there is nothing to do. */
    unseat: async (target: string): Promise<void> => {
      const [stream, consumer] = leaderships[target] ?? [];
      if (!stream) throw new Error(`nobody leads ${target}`);
      const subject = consumer
        ? `CONSUMER.LEADER.STEPDOWN.${naming.stream(stream)}.${naming.consumer(consumer)}`
        : `STREAM.LEADER.STEPDOWN.${naming.stream(stream)}`;
      await nats.request(`$JS.API.${subject}`, '', { timeout: 2_000 }).catch(() => undefined);
    },
    /**
     * Waits until a webhook that was accepted after that moment is handled, the three stores have all that the ledger
     * had then, and every process says that it is ready.
     * @param since on the clock of this process, in milliseconds
     */
    untilWhole: async (since: number): Promise<Recovery> => {
      const passed = () => Math.round(performance.now() - since) / 1_000;
      const { sequence } = await eventually(() => {
        const found = front.accepted().findLast(({ at, isNew }) => isNew && at >= since);
        if (!found) throw new Error('no webhook was accepted since then');
        return found;
      }, RECOVERY_MS);
      const accepting = passed();
      await eventually(
        () => newest('ZOHO_OUTCOMES', naming.subject(`zoho.outcome.${sequence}`)),
        RECOVERY_MS,
      );
      const handling = passed();
      const last = await eventually(() => newest('STOCK', naming.subject('stock.changed.>')), RECOVERY_MS);
      await eventually(async () => {
        const at = await reached();
        if (at < last) throw new Error(`a store is at ${at}, the ledger was at ${last}`);
      }, RECOVERY_MS);
      const projecting = passed();
      await untilReady(house.programs);
      return { accepting, handling, projecting, ready: passed() };
    },
    close: async () => {
      redis.disconnect();
      await Promise.all([nats.close(), postgres.end()]);
    },
  };
};

/** What a cluster elects leaders of, as far as much depends on it: streams, and consumers with theirs. */
const leaderships: Readonly<Record<string, readonly [StreamName, string?]>> = {
  STOCK: ['STOCK'],
  ZOHO_INBOX: ['ZOHO_INBOX'],
  ZOHO_OUTCOMES: ['ZOHO_OUTCOMES'],
  ZOHO_OBSERVE: ['ZOHO_OBSERVE'],
  ZOHO_RUNS: ['ZOHO_RUNS'],
  CATALOG: ['CATALOG'],
  translator: ['ZOHO_INBOX', 'translator'],
  balances: ['STOCK', 'balances'],
  'audit-trail': ['STOCK', 'audit-trail'],
  'stock-cache': ['STOCK', 'stock-cache'],
};
export const led: readonly string[] = Object.keys(leaderships);

export type Witness = Awaited<ReturnType<typeof openWitness>>;

/** Longer than it may take: how long it took shall be told. */
const RECOVERY_MS = 120_000;
