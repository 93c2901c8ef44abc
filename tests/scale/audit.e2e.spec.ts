import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { type Instant, millisOf, type Quantities, stockChangedSchema } from '@tallystream/contracts';
import {
  type JetStreamConnection,
  openConnection,
  readStream,
  type StreamMessage,
} from '@tallystream/jetstream';
import { eventually } from '@tallystream/testing';
import { parse } from 'csv-parse';
import { ADMIN_KEY } from '../e2e/api';
import { type System, startSystem } from '../e2e/system';
import { randomFrom, seedOfRun } from '../random';
import { LEVELS, recordSales } from './random-ledger';

// `npm run test:audit` asks the same of a million events.
const EVENTS = Number(process.env.TALLY_EVENTS ?? 20_000);
const QUESTIONS = 1_000;
/** What an answer may take: asked of a machine that does much else at the time, this is no question of speed. */
const WITHIN_MS = Number(process.env.TALLY_WITHIN_MS ?? 2_000);
const MAX_GROWTH_MIB = 50;
const RECORDED_MS = Math.max(60_000, EVENTS);

const quiet = { info: () => undefined, warn: () => undefined };
const seed = seedOfRun();
const formats = ['csv', 'ndjson'] as const;

type Projection = Readonly<{ name: string; checkpoint: number | null }>;
type Question = Readonly<{ level: (typeof LEVELS)[number]; seq: number }>;
type BalanceAt = Readonly<{ revision: number; quantities: Quantities | null }>;
const unknown: BalanceAt = { revision: 0, quantities: null };

describe(`an audit trail of ${EVENTS} events (seed ${seed})`, () => {
  const random = randomFrom(seed);
  let system: System;
  let connection: JetStreamConnection;

  beforeAll(async () => {
    system = await startSystem({ unopened: true });
    connection = openConnection({ url: system.servers.natsUrl, name: 'audit.e2e.spec' }, quiet);
    await connection.ready();
    await recordSales(connection, system.naming, { count: EVENTS, random });
    // All of them: what is still being written elsewhere would be measured, too.
    await eventually(async () => {
      const { items } = await system.get<{ items: readonly Projection[] }>('/api/ops/projections');
      const stock = items.filter(({ name }) => ['balances', 'stock-cache', 'audit-trail'].includes(name));
      expect(stock.map(({ checkpoint }) => checkpoint)).toEqual([EVENTS, EVENTS, EVENTS]);
    }, RECORDED_MS);
  }, 2 * RECORDED_MS);
  afterAll(async () => {
    await connection?.close();
    await system?.stop();
  });

  /** The stream, from its first event to its last one. */
  const fold = (see: (message: StreamMessage) => void) => {
    const [stream, subject] = [system.naming.stream('STOCK'), system.naming.subject('stock.changed.>')];
    return readStream(connection, { stream, subject, after: 0, until: EVENTS }, see);
  };

  it('tells of any level at any moment what a fold of the stream tells', async () => {
    const questions: readonly Question[] = Array.from({ length: QUESTIONS }, () => ({
      level: random.pick(LEVELS),
      seq: 1 + random.below(EVENTS),
    })).sort((a, b) => a.seq - b.seq);
    // Before the fold, which leaves the asking process with much to tidy up.
    const took: number[] = [];
    const ask = async ({ level: { itemId, warehouseId } }: Question, at: string): Promise<BalanceAt> => {
      const query = new URLSearchParams({ item: itemId, warehouse: warehouseId, at });
      const started = performance.now();
      const { revision, quantities } = await system.get<BalanceAt>(`/api/audit/balance-at?${query}`);
      took.push(performance.now() - started);
      return { revision, quantities };
    };
    for (const question of questions.slice(0, 50)) await ask(question, String(question.seq));
    took.length = 0;
    const answers: BalanceAt[] = [];
    for (const question of questions) answers.push(await ask(question, String(question.seq)));
    took.sort((a, b) => a - b);
    const [median, slowest] = [took[QUESTIONS / 2] ?? Number.NaN, took.at(-1) ?? Number.NaN];
    process.stdout.write(`balance-at: median ${median.toFixed(1)} ms, slowest ${slowest.toFixed(1)} ms\n`);

    const expected: BalanceAt[] = [];
    const levels = new Map<string, BalanceAt>();
    const recordedAt: Instant[] = [];
    await fold(({ seq, storedAt, data }) => {
      const { revision, after, ...event } = stockChangedSchema.parse(
        JSON.parse(Buffer.from(data).toString()),
      );
      recordedAt[seq] = storedAt;
      levels.set(`${event.itemId} ${event.warehouseId}`, { revision, quantities: after });
      for (let next = questions[expected.length]; next?.seq === seq; next = questions[expected.length]) {
        const { itemId, warehouseId } = next.level;
        expected.push(levels.get(`${itemId} ${warehouseId}`) ?? unknown);
      }
    });
    expect(answers).toEqual(expected);
    expect(slowest).toBeLessThan(WITHIN_MS);

    // A moment means the last event that was recorded by then.
    for (const question of questions.slice(-20)) {
      const time = recordedAt[question.seq];
      if (!time) throw new Error(`event ${question.seq} is not in the stream`);
      const last = recordedAt.findLastIndex((at) => at !== undefined && millisOf(at) <= millisOf(time));
      expect(await ask(question, time)).toEqual(await ask(question, String(last)));
    }
  }, 600_000);

  describe('goes out whole, and takes no memory', () => {
    // What a process needs for the first answer of a kind, it keeps: code, connections, buffers.
    beforeAll(async () => {
      for (const format of [...formats, ...formats]) await linesOf(system, format, () => undefined, 20_000);
    });

    it.each(formats)(
      'as %s',
      async (format) => {
        const before = residentMiB(system.pid());
        let [most, lines] = [before, 0];
        const run: string[] = [];
        await linesOf(system, format, (cells) => {
          for (const cell of cells) if (isFormula(cell)) run.push(cell);
          lines += 1;
          if (lines % 2_000 === 0) most = Math.max(most, residentMiB(system.pid()));
        });
        process.stdout.write(
          `${format}: ${lines} lines, from ${before.toFixed(0)} to ${most.toFixed(0)} MiB\n`,
        );
        expect(run).toEqual([]);
        expect(lines).toBe(EVENTS);
        expect(most - before).toBeLessThan(MAX_GROWTH_MIB);
      },
      600_000,
    );
  });
});

/** What a spreadsheet would run: a number below 0 is none. */
const isFormula = (cell: string): boolean => /^[=+@\t\r]|^-(?!\d+(\.\d+)?$)/.test(cell);

/** Shows each line of an export, or the first ones, without its header: of CSV its cells, of JSON the line. */
const linesOf = async (
  { url }: System,
  format: (typeof formats)[number],
  see: (cells: readonly string[]) => void,
  max = Number.POSITIVE_INFINITY,
): Promise<void> => {
  const { body } = await fetch(`${url}/api/audit/export?format=${format}`, {
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
  });
  if (!body) throw new Error('the export has no body');
  const text = Readable.fromWeb(body as never);
  const lines: AsyncIterable<readonly string[]> =
    format === 'csv' ? text.pipe(parse({ bom: true, from: 2 })) : jsonLines(createInterface(text));
  let seen = 0;
  for await (const line of lines) {
    see(line);
    seen += 1;
    if (seen >= max) break;
  }
  text.destroy();
};

async function* jsonLines(lines: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  for await (const line of lines) yield [line];
}

/** What the process has in memory, as Linux counts it. */
const residentMiB = (pid: number | undefined): number => {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1_024;
};
