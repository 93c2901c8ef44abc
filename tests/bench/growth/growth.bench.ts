import path from 'node:path';
import { startNats } from '../../../deploy/local/servers';
import { type Bench, compare, type Row } from '../bench';
import { residentMiB } from '../environment';
import { serverVersions } from '../server-versions';
import { startWorker } from '../worker';
import type { GrowthTasks } from './growth.worker';

const SIZES = [10_000, 100_000, 1_000_000, 5_000_000] as const;
/** Flat within 20 %. */
const LIMIT = 1.2;
/** One level for so many events of the history. */
const EVENTS_A_LEVEL = 20;
/** What is measured moves these levels, at every size: as many as a shop has, of which most move now and then. */
const HOT = 500;
const DOCUMENTS = 1_000;
const READ = 10_000;
const WARM_UP = 60_000;

type Measured = Readonly<{ commit: number[]; read: number[]; memory: number[]; server: number }>;

/** One ledger that grows: what an event costs when there are many, against what it cost when there were few. */
export const growth: Bench = async ({ rounds, dataDir, say, profiles, events = 1_000_000 }) => {
  const sizes = SIZES.filter((size) => size <= events);
  // What the disk does is the same at every size; processor time is what is compared.
  const nats = await startNats({ dataDir, syncInterval: '2m' });
  const file = path.join(__dirname, 'growth.worker.ts');
  const worker = startWorker<GrowthTasks>(file, profiles, ['--expose-gc']);
  const measured = new Map<number, Measured>();
  try {
    const open = (namespace: string) =>
      worker.run('open', { natsUrl: nats.url, natsPid: nats.pid, namespace });
    // What is compiled late would make the first size dear, and the others look cheap.
    await open('warm_up');
    await worker.run('grow', { events: WARM_UP, levels: HOT });
    await open('bench');
    for (const size of sizes) {
      await worker.run('grow', { events: size, levels: Math.max(HOT, size / EVENTS_A_LEVEL) });
      const at: Measured = { commit: [], read: [], memory: [], server: residentMiB(nats.pid) };
      for (let round = 0; round <= rounds; round += 1) {
        const commit = await worker.run('commit', { count: DOCUMENTS, levels: HOT });
        const read = await worker.run('read', { events: READ });
        if (round === 0) continue;
        at.commit.push(commit);
        at.read.push(read);
        at.memory.push(await worker.run('memory', undefined));
      }
      measured.set(size, at);
      say(`  measured at ${thousands(size)} events`);
    }
    const [least = SIZES[0], ...larger] = sizes;
    const first = measured.get(least);
    if (!first) throw new Error('nothing was measured');
    const row = (what: string, unit: string, figure: 'commit' | 'read' | 'memory', size: number): Row =>
      compare(
        { what: `${what} at ${thousands(size)}`, unit, floor: `at ${thousands(least)}`, limit: LIMIT },
        measured.get(size)?.[figure] ?? [],
        first[figure],
      );
    return {
      rows: larger.flatMap((size) => [
        row('to commit an event', 'µs', 'commit', size),
        row('to read an event', 'µs', 'read', size),
        row('what the process holds', 'MiB', 'memory', size),
      ]),
      versions: await serverVersions({ natsUrl: nats.url }),
      notes: [
        `processor time an event, own process + nats-server: ${thousands(DOCUMENTS)} documents of six events over ${HOT} levels are committed, and the newest ${thousands(READ)} events read, when the stream holds so many events of one level for each ${EVENTS_A_LEVEL}`,
        `nats-server held, in MiB: ${[...measured].map(([size, { server }]) => `${server.toFixed(0)} at ${thousands(size)}`).join(', ')}; it keeps an index of subjects`,
        `the ledger's cache holds 5,000 states, so that it is full at ${thousands(least)} events`,
      ],
    };
  } finally {
    await worker.stop();
    await nats.stop();
  }
};

const thousands = (value: number): string => value.toLocaleString('en-US');
