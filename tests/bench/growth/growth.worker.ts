import { setTimeout as pause } from 'node:timers/promises';
import { type Naming, namingFor } from '@tallystream/contracts';
import {
  type JetStreamConnection,
  lastSequence,
  openConnection,
  provisionStreams,
  readStream,
} from '@tallystream/jetstream';
import { defaultLedgerSettings, type Ledger, openLedger } from '@tallystream/ledger';
import { keepHeapTight } from '@tallystream/platform';
import { VoidRun } from '../bench';
import { documents, EVENTS_PER_DOCUMENT } from '../ledger/documents';
import { timed } from '../stopwatch';
import { serve } from '../worker';

export type Place = Readonly<{ natsUrl: string; natsPid: number; namespace: string }>;

/** As many webhooks as the translator has in hand (apps/ingress). */
const IN_FLIGHT = 128;
/** Full at the smallest size: after that, what the process holds is what it always holds. */
const CACHED_STATES = 5_000;
const DOCUMENTS_AT_A_TIME = 5_000;
const MEMORY_PAUSE_MS = 100;
const quiet = { info: () => undefined, warn: () => undefined };

type Opened = Readonly<{ place: Place; naming: Naming; connection: JetStreamConnection; ledger: Ledger }>;
let opened: Opened | undefined;
let written = 0;

const tasks = {
  /** A ledger that is empty. */
  open: async (place: Place) => {
    const naming = namingFor(place.namespace);
    const connection = openConnection({ url: place.natsUrl, name: 'bench growth' }, quiet);
    await connection.ready();
    await provisionStreams(connection, naming);
    const ledger = openLedger(connection, naming, { ...defaultLedgerSettings, cachedStates: CACHED_STATES });
    await opened?.connection.close();
    opened = { place, naming, connection, ledger };
    written = 0;
  },
  /** Documents until the stream holds so many events, over so many levels. */
  grow: async ({ events, levels }: Readonly<{ events: number; levels: number }>) => {
    while (written * EVENTS_PER_DOCUMENT < events) {
      const missing = Math.ceil(events / EVENTS_PER_DOCUMENT) - written;
      await commit(Math.min(missing, DOCUMENTS_AT_A_TIME), levels);
    }
  },
  commit: async ({ count, levels }: Readonly<{ count: number; levels: number }>) => {
    const time = await timed(current().place.natsPid, () => commit(count, levels));
    return microseconds(time, count * EVENTS_PER_DOCUMENT);
  },
  /** The newest events, as a projection that is not far behind reads them. */
  read: async ({ events }: Readonly<{ events: number }>) => {
    const { connection, naming, place } = current();
    const stream = naming.stream('STOCK');
    const until = await lastSequence(connection, stream);
    let seen = 0;
    const part = { stream, subject: naming.subject('stock.>'), after: until - events, until };
    const time = await timed(place.natsPid, () =>
      readStream(connection, part, ({ data }) => {
        if (data.length > 0) seen += 1;
      }),
    );
    if (seen !== events) throw new VoidRun(`${seen} of ${events} events were read`);
    return microseconds(time, events);
  },
  /** What lives in this process, in MiB. */
  memory: async () => {
    // Bytes outside the heap are given back a turn after their owners.
    for (let time = 0; time < 2; time += 1) {
      global.gc?.();
      await pause(MEMORY_PAUSE_MS);
    }
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return (heapUsed + arrayBuffers) / 2 ** 20;
  },
};

export type GrowthTasks = typeof tasks;

const current = (): Opened => {
  if (!opened) throw new Error('nothing is open');
  return opened;
};

const commit = async (count: number, levels: number): Promise<void> => {
  const { connection, naming, ledger } = current();
  const work = documents(count, { hot: levels }, written);
  written += count;
  let next = 0;
  const writer = async () => {
    for (let one = work[next++]; one; one = work[next++]) {
      const { result } = await ledger.applyDocument(one.document, one.cause);
      if (result.outcome !== 'applied') throw new VoidRun(`a document was ${result.outcome}, not applied`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, writer));
  const events = await lastSequence(connection, naming.stream('STOCK'));
  if (events !== written * EVENTS_PER_DOCUMENT)
    throw new VoidRun(`the ledger holds ${events} events instead of ${written * EVENTS_PER_DOCUMENT}`);
};

/** Of processor time an event, here and in the server. */
const microseconds = ({ seconds, own, server }: Awaited<ReturnType<typeof timed>>, events: number): number =>
  ((own + server) * seconds * 1e6) / events;

// As every process of ours.
keepHeapTight();
serve(tasks);
