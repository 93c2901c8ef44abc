import { namingFor } from '@tallystream/contracts';
import { lastSequence, openConnection, provisionStreams } from '@tallystream/jetstream';
import { defaultLedgerSettings, openLedger } from '@tallystream/ledger';
import { keepHeapTight } from '@tallystream/platform';
import { VoidRun } from '../bench';
import { timed } from '../stopwatch';
import { serve } from '../worker';
import { documents, EVENTS_PER_DOCUMENT, type Levels } from './documents';

export type Commits = Readonly<{
  natsUrl: string;
  natsPid: number;
  namespace: string;
  levels: Levels;
  documents: number;
  /** How many documents wait for their answer at any time. */
  inFlight: number;
}>;

const quiet = { info: () => undefined, warn: () => undefined };

const tasks = {
  /** Decides and commits documents into a ledger of their own. */
  commit: async ({ natsUrl, natsPid, namespace, levels, documents: count, inFlight }: Commits) => {
    const naming = namingFor(namespace);
    const connection = openConnection({ url: natsUrl, name: 'bench ledger' }, quiet);
    await connection.ready();
    await provisionStreams(connection, naming);
    const ledger = openLedger(connection, naming, defaultLedgerSettings);
    const work = documents(count, levels);
    let next = 0;
    const writer = async () => {
      for (let one = work[next++]; one; one = work[next++]) {
        const { result } = await ledger.applyDocument(one.document, one.cause);
        if (result.outcome !== 'applied') throw new VoidRun(`a document was ${result.outcome}, not applied`);
      }
    };
    const time = await timed(natsPid, () => Promise.all(Array.from({ length: inFlight }, writer)));
    const [events, expected] = [
      await lastSequence(connection, naming.stream('STOCK')),
      count * EVENTS_PER_DOCUMENT,
    ];
    if (events !== expected) throw new VoidRun(`the ledger holds ${events} events instead of ${expected}`);
    await connection.close();
    return { ...time, eventsPerSecond: events / time.seconds };
  },
};

export type LedgerTasks = typeof tasks;
// As every process of ours.
keepHeapTight();
serve(tasks);
