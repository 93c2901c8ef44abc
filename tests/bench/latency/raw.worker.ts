import { setTimeout as pause } from 'node:timers/promises';
import { namingFor } from '@tallystream/contracts';
import { openConnection, provisionStreams, publish, publishBatch } from '@tallystream/jetstream/core';
import { bulkhead } from 'cockatiel';
import { VoidRun } from '../bench';
import { webhookBody } from '../ingest/webhooks';
import { type Captured, capture } from '../ledger/captured';
import { serve } from '../worker';
import { type Percentiles, percentiles } from './percentiles';

export type Store = Readonly<{ natsUrl: string; namespace: string; rate: number; count: number }>;

/** nats-server takes 50 batches at a time for one stream (`limits.batch.max_inflight_per_stream`), and drops others. */
const MOST_BATCHES = 32;

let documents: readonly (readonly Captured[])[] = [];

const tasks = {
  /** Takes the events of documents as the system wrote them. */
  capture: async ({
    natsUrl,
    namespace,
    events,
  }: Readonly<{ natsUrl: string; namespace: string; events: number }>) => {
    const { messages } = await capture(natsUrl, namespace);
    documents = Array.from({ length: Math.floor(messages.length / events) }, (_, n) =>
      messages.slice(n * events, (n + 1) * events),
    );
  },
  /**
   * The plainest program that leaves as much on disk, on the same schedule: the webhook's bytes in one stream, then
   * the events of a document in another, as one atomic batch.
   */
  store: async ({ natsUrl, namespace, rate, count }: Store): Promise<Raw> => {
    const naming = namingFor(namespace);
    const connection = openConnection(
      { url: natsUrl, name: 'raw' },
      { info: () => undefined, warn: () => undefined },
    );
    await connection.ready();
    await provisionStreams(connection, naming);
    const bodies = Array.from({ length: 64 }, (_, n) => Buffer.from(webhookBody(n)));
    const [webhooks, events]: [number[], number[]] = [[], []];
    const batches = bulkhead(MOST_BATCHES, Number.POSITIVE_INFINITY);
    const start = performance.now();
    const one = async (n: number): Promise<void> => {
      const due = start + (n / rate) * 1_000;
      await pause(Math.max(0, due - performance.now()));
      const data = bodies[n % bodies.length] ?? Buffer.alloc(0);
      await publish(connection, { subject: naming.inboxSubject('invoice', 'updated'), headers: {}, data });
      webhooks.push(performance.now() - due);
      const batch = documents[n % documents.length];
      if (!batch) throw new VoidRun('no events were captured');
      const messages = batch.map(({ subject, headers, data: event }) => ({
        subject: naming.subject(subject),
        headers: Object.fromEntries(headers),
        data: event,
      }));
      await batches.execute(() => publishBatch(connection, messages));
      events.push(performance.now() - due);
    };
    await Promise.all(Array.from({ length: count }, (_, n) => one(n)));
    await connection.close();
    return { webhook: percentiles(webhooks), events: percentiles(events) };
  },
};

/** Milliseconds from the scheduled time until the bytes were on disk. */
export type Raw = Readonly<{ webhook: Percentiles; events: Percentiles }>;
export type RawTasks = typeof tasks;

serve(tasks);
