import { Problem, type StreamSeq, streamSeq } from '@tallystream/contracts';
import type { Client } from 'pg';
import { type Database, unavailable } from '../database';
import { type Fold, PostgresProjection } from '../postgres-projection';
import { compareTables, type Difference, isSame } from './compare';
import { ownersPart } from './next-version';
import type { Schemas } from './schemas';
import { nextSchema, nextVersion, type StoreName, stores } from './stores';
import { positionsOf, swap } from './swap';

/** A store, and what it is made of. */
export type Rebuildable<M extends Sequenced = Sequenced> = Readonly<{
  store: StoreName;
  live: Database;
  url: string;
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
  /** Whether what was made anew took the place of the live one. */
  swapped: boolean;
}>;

/**
 * Makes a projection again beside the live one, which goes on being written and read, and puts it in its place in one
 * transaction. What was made so far is kept when `signal` aborts, the process ends or a server goes away, and is
 * taken up by the next one; after any other error it is dropped.
 * @throws Problem `store_unavailable`, also while another rebuild of it is under way; `conflict` when reads hold the
 * tables for too long
 */
export const rebuild = async <M extends Sequenced>(
  parts: Rebuildable<M>,
  options: RebuildOptions,
): Promise<RebuildReport> => {
  const { store, live, url } = parts;
  const schemas: Schemas = { live: live.schema, next: nextSchema(live.schema, store) };
  await live.ready();
  const client = live.dedicatedClient();
  // Its end is seen by the statement under way.
  client.on('error', () => undefined);
  const next = nextVersion(store, { url, schema: schemas.live });
  try {
    await client.connect();
    await takeLock(client, schemas.next, store);
    await next.ready();
    const report = await rebuildBeside(parts, { client, schemas, next }, options);
    if (options.dryRun) await drop(client, schemas, next);
    return report;
  } catch (error) {
    const reason = unavailable(error);
    const isWorthKeeping = options.signal.aborted || reason instanceof Problem;
    if (!isWorthKeeping) await drop(client, schemas, next);
    throw reason;
  } finally {
    await next.onApplicationShutdown();
    await client.end().catch(() => undefined);
  }
};

type Workplace = Readonly<{ client: Client; schemas: Schemas; next: Database }>;

const rebuildBeside = async <M extends Sequenced>(
  parts: Rebuildable<M>,
  { client, schemas, next }: Workplace,
  options: RebuildOptions,
): Promise<RebuildReport> => {
  const { tables, keepsOlder } = stores[parts.store];
  const projections = parts.sources.map(({ fold }) => fold.projection);
  const copies = parts.sources.map((source) => new Copy(next, source));
  const total = copies.map(() => 0);
  const catchUp = async (until: readonly (StreamSeq | 'end')[]): Promise<readonly StreamSeq[]> => {
    const reached: StreamSeq[] = [];
    for (const [index, copy] of copies.entries()) {
      const position = await copy.advance(until[index] ?? 'end', options.signal, (done, pending) => {
        total[index] = done + pending;
        options.progress(
          copies.reduce((sum, each) => sum + each.done, 0),
          total.reduce((sum, count) => sum + count, 0),
        );
      });
      reached.push(position);
    }
    return reached;
  };
  await catchUp(copies.map((): 'end' => 'end'));
  await client.query(`SELECT "${schemas.next}".${ownersPart.analyse}()`);
  // While the live one moves on, this finds too much; only what it finds is looked at again when both stand still.
  const suspects = await compareTables(client, schemas, tables);
  // Never ahead of the live one by our own doing: what it lacks then would be taken for a fault.
  const reached = await catchUp(await positionsOf(client, schemas.live, projections));
  const found = await swap(client, schemas, {
    projections,
    dryRun: options.dryRun,
    reached,
    signal: options.signal,
    ...(keepsOlder ? { keepsOlder } : {}),
    catchUp,
    compare: () => compareTables(client, schemas, tables, suspects),
  });
  const differences = found.map(({ keys: _, ...difference }) => difference);
  return { differences, isSame: differences.every(isSame), swapped: !options.dryRun };
};

/** The next version of one projection. */
class Copy<M extends Sequenced> {
  done = 0;
  private readonly projection: PostgresProjection<M>;

  constructor(
    next: Database,
    private readonly source: Source<M>,
  ) {
    this.projection = new PostgresProjection(next, source.fold);
  }

  /** Goes on to a position, or to the end of the stream, whichever comes first. @returns where it stands */
  async advance(
    until: StreamSeq | 'end',
    signal: AbortSignal,
    progress: (done: number, pending: number) => void,
  ): Promise<StreamSeq> {
    const reading = new AbortController();
    const stopped = AbortSignal.any([signal, reading.signal]);
    let writing: Promise<void> = Promise.resolve();
    try {
      const start = await this.projection.start(stopped);
      signal.throwIfAborted();
      let position = start?.after ?? streamSeq(0);
      if (until !== 'end' && position >= until) return position;
      for await (const { messages, pending } of this.source.read(position, stopped)) {
        const wanted = until === 'end' ? messages : messages.filter(({ seq }) => seq <= until);
        await writing;
        progress(this.done, pending + messages.length);
        // While it is being written, the next batch is read; should it fail, that is seen when it is waited for.
        writing = this.projection.project(wanted);
        writing.catch(() => undefined);
        this.done += wanted.length;
        position = wanted.at(-1)?.seq ?? position;
        if (pending > 0 && (until === 'end' || position < until)) continue;
        await writing;
        progress(this.done, pending + messages.length - wanted.length);
        return position;
      }
      signal.throwIfAborted();
      throw new Problem('store_unavailable', 'the stream ended', { retryAfterSeconds: 5 });
    } finally {
      reading.abort();
      await Promise.allSettled([writing]);
      await this.projection.onApplicationShutdown();
    }
  }
}

const takeLock = async (client: Client, schema: string, name: string): Promise<void> => {
  // As an owner's: of a machine that has vanished the lock is free within seconds.
  await client.query(
    'SET tcp_keepalives_idle = 3; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 2',
  );
  const { rows } = await client.query<{ taken: boolean }>(
    'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS taken',
    [`${schema}:rebuild`],
  );
  if (!rows[0]?.taken)
    throw new Problem('store_unavailable', `${name} is being rebuilt already`, { retryAfterSeconds: 5 });
};

const drop = async (client: Client, { next: schema }: Schemas, next: Database): Promise<void> => {
  await next.onApplicationShutdown();
  await client.query(`SELECT "${schema}".${ownersPart.drop}()`);
};
