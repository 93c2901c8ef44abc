import { Inject, Injectable } from '@nestjs/common';
import { millisOf, type Naming, Problem, type StreamName, streamNames } from '@tallystream/contracts';
import {
  askReports,
  type ConsumerReport,
  type Durable,
  durables,
  JETSTREAM,
  type JetStreamConnection,
  messagesAfter,
} from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';
import { type Checkpoint, type Database, readCheckpoints } from '@tallystream/projection-store';
import { type Redis, stockCachePosition } from '@tallystream/redis';
import { z } from 'zod';
import { saidOf } from '../consumers/consumers';
import { BALANCES, REDIS } from '../tokens';

export const projectionSchema = z.object({
  name: z.string(),
  store: z.enum(['postgres', 'redis']),
  version: z.int().meta({ description: 'Of its tables or keys: rises when it is rebuilt' }),
  stream: z.enum(streamNames),
  filter: z.string(),
  checkpoint: z.int().meta({ description: 'Stream sequence; null: its store is empty, or away' }).nullable(),
  lagEvents: z.int().meta({ description: 'Events that it lacks' }),
  lagSeconds: z.number().meta({ description: 'Age of the first event that it lacks' }),
  rate: z.number().meta({ description: 'Events a second, over the last ten seconds' }),
  owner: z
    .string()
    .meta({ description: '<app>@<host>:<process id> that fills it; null: nobody does' })
    .nullable(),
  parked: z.int().meta({ description: 'Events that were set aside: none ever is, it stops instead' }),
  trouble: z.string().meta({ description: 'Why nothing is known, or its last error' }).nullable(),
});
export type Projection = Readonly<z.infer<typeof projectionSchema>>;

/** What a store says of the positions in it; an error when it is away. */
type Positions = ReadonlyMap<string, Checkpoint> | Problem;

const REDIS_PROJECTION = 'stock-cache';

/** Every projection: how far its store is, and who fills it. */
@Injectable()
export class Projections {
  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
    @Inject(BALANCES) private readonly database: Database,
    @Inject(REDIS) private readonly redis: Redis,
  ) {}

  async all(): Promise<readonly Projection[]> {
    const [known, reports, postgres, redis] = await Promise.all([
      durables(this.connection, this.naming),
      askReports(this.connection, this.naming),
      this.inPostgres(),
      this.inRedis(),
    ]);
    const filling = known.filter(({ kind }) => kind === 'batch');
    return Promise.all(
      filling.map((durable) =>
        durable.name === REDIS_PROJECTION
          ? this.projection(durable, 'redis', redis, reports)
          : this.projection(durable, 'postgres', postgres, reports),
      ),
    );
  }

  private async projection(
    { name, stream, filter, lag: lagEvents }: Durable,
    store: Projection['store'],
    positions: Positions,
    reports: readonly ConsumerReport[],
  ): Promise<Projection> {
    const said = saidOf(name, reports);
    const owner = said.find(({ state }) => state === 'running');
    const isAway = positions instanceof Problem;
    const checkpoint = isAway ? undefined : positions.get(name);
    const first =
      lagEvents > 0 ? await this.firstLacking(stream, filter, checkpoint?.sequence ?? 0) : undefined;
    const lastError = said.find((status) => status.lastError !== undefined)?.lastError;
    return {
      name,
      store,
      version: checkpoint?.version ?? 1,
      stream,
      filter,
      checkpoint: checkpoint?.sequence ?? null,
      lagEvents,
      lagSeconds: first === undefined ? 0 : Math.round(Math.max(0, Date.now() - first) / 100) / 10,
      rate: Math.round((owner?.rate ?? 0) * 10) / 10,
      owner: owner?.process ?? null,
      parked: 0,
      trouble: isAway ? positions.message : (lastError ?? null),
    };
  }

  /** When the first event that it lacks was stored, in milliseconds since 1970. */
  private async firstLacking(stream: StreamName, filter: string, after: number): Promise<number | undefined> {
    const subject = this.naming.subject(filter);
    const [first] = await messagesAfter(this.connection, this.naming.stream(stream), subject, {
      after,
      max: 1,
    });
    return first && millisOf(first.storedAt);
  }

  private inPostgres(): Promise<Positions> {
    return readCheckpoints(this.database).catch(problemOf);
  }

  private async inRedis(): Promise<Positions> {
    try {
      const position = await stockCachePosition(this.redis, this.naming);
      return new Map(position === undefined ? [] : [[REDIS_PROJECTION, { sequence: position, version: 1 }]]);
    } catch (error) {
      return new Problem('store_unavailable', 'Redis cannot be reached', { cause: error });
    }
  }
}

const problemOf = (error: unknown): Problem => {
  if (error instanceof Problem) return error;
  throw error;
};
