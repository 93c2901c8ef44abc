import { getPostgreSQLEventStore, type PostgresEventStore } from '@event-driven-io/emmett-postgresql';
import { Pool } from 'pg';
import { VoidRun } from '../bench';
import { timed } from '../stopwatch';
import { serve } from '../worker';
import { capture } from './captured';
import { EVENTS_PER_DOCUMENT } from './documents';

type Event = Readonly<{
  type: string;
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
}>;

export type Append = Readonly<{
  url: string;
  postgresPid: number;
  connections: number;
  /** Makes the names of streams new. */
  run: string;
}>;

let commits: readonly (readonly Event[])[] = [];

const tasks = {
  capture: async ({ natsUrl, namespace }: Readonly<{ natsUrl: string; namespace: string }>) => {
    const { messages } = await capture(natsUrl, namespace);
    const events = messages.map(({ headers, data }) => ({
      type: headers.find(([name]) => name === 'ce-type')?.[1] ?? 'unknown',
      data: JSON.parse(Buffer.from(data).toString('utf8')),
      metadata: Object.fromEntries(headers),
    }));
    commits = Array.from({ length: events.length / EVENTS_PER_DOCUMENT }, (_, n) =>
      events.slice(n * EVENTS_PER_DOCUMENT, (n + 1) * EVENTS_PER_DOCUMENT),
    );
  },
  /** A document's events a commit, each to a stream of its own, so that no commit waits for another's. */
  append: async ({ url, postgresPid, connections, run }: Append) => {
    const pool = new Pool({ connectionString: url, max: connections });
    const store = getPostgreSQLEventStore(url, { connectionOptions: { pool } });
    await store.schema.migrate();
    const held = await count(pool);
    const time = await timed(postgresPid, () => appendAll(store, connections, run));
    const [stored, expected] = [(await count(pool)) - held, commits.length * EVENTS_PER_DOCUMENT];
    if (stored !== expected) throw new VoidRun(`emmett stored ${stored} events instead of ${expected}`);
    await store.close();
    await pool.end();
    return { ...time, eventsPerSecond: stored / time.seconds };
  },
};

export type EmmettTasks = typeof tasks;

const appendAll = async (store: PostgresEventStore, inFlight: number, run: string): Promise<void> => {
  let next = 0;
  const writer = async () => {
    for (let n = next++; n < commits.length; n = next++) {
      await store.appendToStream(`document-${run}-${n}`, [...(commits[n] ?? [])]);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, writer));
};

const count = async (pool: Pool): Promise<number> =>
  Number((await pool.query('SELECT count(*) AS n FROM emt_messages')).rows[0].n);

serve(tasks);
