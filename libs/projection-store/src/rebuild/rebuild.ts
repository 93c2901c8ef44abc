import { Problem, type StreamSeq, streamSeq } from '@tallystream/contracts';
import type { Client } from 'pg';
import { type Database, unavailable } from '../database';
import { type Fold, PostgresProjection } from '../postgres-projection';
import { compareTables, type Difference, isSame } from './compare';
import type { Schemas } from './schemas';
import { carryOver, dropSchema, swap } from './swap';

/** Tables that are made of streams alone, so that they can be made again. */
export type Rebuildable<M extends Sequenced = Sequenced> = Readonly<{
  name: string;
  live: Database;
  /** The same tables, empty, in a schema of their own. */
  open: (schema: string) => Database;
  tables: readonly string[];
  /** Functions that triggers of the tables call. */
  functions?: readonly string[];
  /** Tables of which the streams have forgotten the oldest rows: those are taken over. By their integer key. */
  keepsOlder?: Readonly<{ table: string; key: string }>;
  sources: readonly Source<M>[];
}>;

export type Sequenced = Readonly<{ seq: StreamSeq }>;

/** What a projection of the tables is made of. */
export type Source<M extends Sequenced = Sequenced> = Readonly<{
  fold: Fold<M>;
  /** In stream order; after all that was there, waits for more. The first batch is empty if there is nothing. */
  read: (
    after: StreamSeq,
    signal: AbortSignal,
  ) => AsyncIterable<Readonly<{ messages: readonly M[]; pending: number }>>;
}>;

export type RebuildOptions = Readonly<{
  /** Compares, and leaves the live tables as they are. */
  dryRun: boolean;
  signal: AbortSignal;
  /** Messages applied, and how many there are in all as far as is known. */
  progress: (done: number, total: number) => void;
}>;

export type RebuildReport = Readonly<{
  /** Table by table, what was not as the stream says. */
  differences: readonly Difference[];
  isSame: boolean;
  /** Whether the new tables took the place of the live ones. */
  swapped: boolean;
}>;

/**
 * Makes a projection again beside the live one, which goes on being written and read, and puts it in its place in one
 * transaction. What a rebuild that broke off has made is taken up by the next one.
 * @throws Problem `conflict` when another rebuild of it is under way; `store_unavailable`
 */
export const rebuild = async (parts: Rebuildable, options: RebuildOptions): Promise<RebuildReport> => {
  const schemas: Schemas = {
    live: parts.live.schema,
    next: `${parts.live.schema}__next_${parts.name.replaceAll('-', '_')}`,
    old: `${parts.live.schema}__old_${parts.name.replaceAll('-', '_')}`,
  };
  await parts.live.ready();
  const client = parts.live.dedicatedClient();
  // Its end is seen by the statement under way.
  client.on('error', () => undefined);
  const next = parts.open(schemas.next);
  try {
    await client.connect();
    await takeLock(client, schemas.next, parts.name);
    await dropSchema(client, schemas.old);
    const report = await rebuildBeside(parts, { client, schemas, next }, options);
    await next.onApplicationShutdown();
    await dropSchema(client, schemas.next);
    await dropSchema(client, schemas.old);
    return report;
  } catch (error) {
    throw unavailable(error);
  } finally {
    await next.onApplicationShutdown();
    await client.end().catch(() => undefined);
  }
};

type Workplace = Readonly<{ client: Client; schemas: Schemas; next: Database }>;

const rebuildBeside = async (
  parts: Rebuildable,
  { client, schemas, next }: Workplace,
  options: RebuildOptions,
): Promise<RebuildReport> => {
  const copies = parts.sources.map((source) => new Copy(next, source));
  const total = copies.map(() => 0);
  const catchUp = async (until: readonly (StreamSeq | 'end')[]) => {
    for (const [index, copy] of copies.entries()) {
      await copy.advance(until[index] ?? 'end', options.signal, (done, pending) => {
        total[index] = done + pending;
        options.progress(
          copies.reduce((sum, { done }) => sum + done, 0),
          total.reduce((sum, count) => sum + count, 0),
        );
      });
    }
  };
  const everything = copies.map((): 'end' => 'end');
  await catchUp(everything);
  // While the live one moves on, this finds too much; only what it finds is looked at again when both stand still.
  const suspects = await compareTables(client, schemas, parts.tables);
  await catchUp(everything);
  const found = await swap(client, schemas, {
    projections: parts.sources.map(({ fold }) => fold.projection),
    tables: parts.tables,
    functions: parts.functions ?? [],
    dryRun: options.dryRun,
    whileStill: async (checkpoints) => {
      await catchUp(checkpoints);
      if (parts.keepsOlder) await carryOver(client, schemas, parts.keepsOlder);
      return compareTables(client, schemas, parts.tables, suspects);
    },
  });
  const differences = found.map(({ keys: _, ...difference }) => difference);
  return { differences, isSame: differences.every(isSame), swapped: !options.dryRun };
};

/** The next version of one projection. */
class Copy {
  done = 0;
  private readonly projection: PostgresProjection;

  constructor(
    next: Database,
    private readonly source: Source,
  ) {
    this.projection = new PostgresProjection(next, source.fold);
  }

  /** Goes on to a position exactly, or to the end of the stream as it is then. */
  async advance(
    until: StreamSeq | 'end',
    signal: AbortSignal,
    progress: (done: number, pending: number) => void,
  ): Promise<void> {
    const reading = new AbortController();
    const stopped = AbortSignal.any([signal, reading.signal]);
    try {
      const start = await this.projection.start(stopped);
      signal.throwIfAborted();
      let position = start?.after ?? streamSeq(0);
      if (until !== 'end' && position >= until) return;
      for await (const { messages, pending } of this.source.read(position, stopped)) {
        const wanted = until === 'end' ? messages : messages.filter(({ seq }) => seq <= until);
        await this.projection.project(wanted);
        position = wanted.at(-1)?.seq ?? position;
        this.done += wanted.length;
        progress(this.done, pending + messages.length - wanted.length);
        if (until === 'end' ? pending === 0 : position >= until) return;
      }
      signal.throwIfAborted();
      throw new Problem('store_unavailable', `the stream ended before ${until}`, { retryAfterSeconds: 5 });
    } finally {
      reading.abort();
      await this.projection.onApplicationShutdown();
    }
  }
}

const takeLock = async (client: Client, schema: string, name: string): Promise<void> => {
  const { rows } = await client.query<{ taken: boolean }>(
    'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS taken',
    [`${schema}:rebuild`],
  );
  if (!rows[0]?.taken) throw new Problem('conflict', `${name} is being rebuilt already`);
};
