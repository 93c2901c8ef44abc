import { randomUUID } from 'node:crypto';
import { namingFor } from '@tallystream/contracts';
import { openConnection, provisionStreams } from '@tallystream/jetstream';
import { headers, type NatsConnection } from 'nats';
import { VoidRun } from '../bench';
import { timed } from '../stopwatch';
import { serve } from '../worker';
import { type Capture, type Captured, capture, connectTo } from './captured';

export type Publish = Readonly<{
  natsUrl: string;
  natsPid: number;
  namespace: string;
  /** How many messages a batch holds; absent: as many as the ledger's batches did. */
  size?: number;
}>;

/** The subject's last sequence before the batch, on the first message of each subject in it. */
type Expecting = Captured & Readonly<{ expected: number | undefined }>;

let captured: Capture = { messages: [], sizes: [] };

const tasks = {
  capture: async ({ natsUrl, namespace }: Readonly<{ natsUrl: string; namespace: string }>) => {
    captured = await capture(natsUrl, namespace);
    const bytes = captured.messages.reduce((sum, { data }) => sum + data.length, 0);
    return { bytes: bytes / captured.messages.length, sizes: captured.sizes };
  },
  /** The plainest program that leaves the same messages in a stream: one atomic batch after the other. */
  publish: async ({ natsUrl, natsPid, namespace, size }: Publish) => {
    await createStream(natsUrl, namespace);
    const batches = batchesOf(captured, size);
    const connection = await connectTo(natsUrl);
    let last = 0;
    const time = await timed(natsPid, async () => {
      for (const batch of batches) last = await publishBatch(connection, `${namespace}.`, batch);
    });
    await connection.close();
    const { length } = captured.messages;
    if (last !== length) throw new VoidRun(`the stream holds ${last} messages instead of ${length}`);
    return { ...time, eventsPerSecond: length / time.seconds };
  },
};

export type RawBatchTasks = typeof tasks;

const publishBatch = async (
  connection: NatsConnection,
  prefix: string,
  batch: readonly Expecting[],
): Promise<number> => {
  const id = randomUUID();
  let answer: Promise<{ json: <T>() => T }> | undefined;
  batch.forEach(({ subject, headers: own, data, expected }, index) => {
    const all = headers();
    for (const [name, value] of own) all.set(name, value);
    all.set('Nats-Batch-Id', id);
    all.set('Nats-Batch-Sequence', String(index + 1));
    if (expected !== undefined) all.set('Nats-Expected-Last-Subject-Sequence', String(expected));
    if (index < batch.length - 1) {
      connection.publish(prefix + subject, data, { headers: all });
    } else {
      all.set('Nats-Batch-Commit', '1');
      answer = connection.request(prefix + subject, data, { headers: all, timeout: 10_000 });
    }
  });
  const ack = (await answer)?.json<{ seq?: number; error?: { description: string } }>();
  if (!ack?.seq) throw new VoidRun(`a raw batch was refused: ${ack?.error?.description}`);
  return ack.seq;
};

/** The stream is written from its beginning in the same order, so sequences are known beforehand. */
const batchesOf = (
  { messages, sizes }: Capture,
  size: number | undefined,
): readonly (readonly Expecting[])[] => {
  const batches: Expecting[][] = [];
  const newest = new Map<string, number>();
  let inBatch = new Set<string>();
  let left = 0;
  messages.forEach((message, index) => {
    if (left === 0) {
      left = size ?? sizes[batches.length] ?? 0;
      inBatch = new Set();
      batches.push([]);
    }
    const { subject } = message;
    batches
      .at(-1)
      ?.push({ ...message, expected: inBatch.has(subject) ? undefined : (newest.get(subject) ?? 0) });
    inBatch.add(subject);
    newest.set(subject, index + 1);
    left -= 1;
  });
  return batches;
};

const createStream = async (url: string, namespace: string): Promise<void> => {
  const quiet = { info: () => undefined, warn: () => undefined };
  const connection = openConnection({ url, name: 'bench' }, quiet);
  await connection.ready();
  await provisionStreams(connection, namingFor(namespace));
  await connection.close();
};

serve(tasks);
