import { parseArgs } from 'node:util';
import { removeData, temporaryData } from '../../deploy/local/servers';
import { type Bench, type BenchResult, VoidRun } from './bench';
import { environment } from './environment';
import { growth } from './growth/growth.bench';
import { ingest } from './ingest/ingest.bench';
import { latency } from './latency/latency.bench';
import { ledger } from './ledger/ledger.bench';
import { projections } from './projections/projections.bench';
import { reads } from './reads/reads.bench';
import { asMarkdown, asText, writeDocument } from './report';
import { sync } from './sync/sync.bench';

const benches: Readonly<Record<string, Bench>> = {
  ledger,
  ingest,
  latency,
  reads,
  sync,
  projections,
  growth,
};

/** A run that does not balance has no figures. */
const EXIT_VOID = 3;

/**
 * Runs benches (all, when none is named) and prints one table each.
 *
 * --rounds n         measured rounds, 3 or more (5)
 * --events n         of those benches that can be told (projections: 200000; growth, the largest
 *                    size: 1000000, and 5000000 takes a quarter of an hour)
 * --json             prints the results as JSON instead
 * --write            puts the tables into docs/benchmarks.md
 * --cpu-prof folder  leaves a CPU profile of each process there, for a look at what costs
 */
export const main = async (args: readonly string[], stopped: AbortSignal): Promise<number> => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      events: { type: 'string' },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      'cpu-prof': { type: 'string' },
    },
  });
  const names = positionals.length > 0 ? positionals : Object.keys(benches);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 3) return usage('--rounds must be 3 or more');
  const events = values.events === undefined ? undefined : Number(values.events);
  if (events !== undefined && !(Number.isInteger(events) && events > 0))
    return usage('--events must be a whole number above 0');
  const results: BenchResult[] = [];
  for (const name of names) {
    const bench = benches[name];
    if (!bench) return usage(`no bench "${name}": there are ${Object.keys(benches).join(', ')}`);
    const dataDir = temporaryData();
    try {
      const profiles = values['cpu-prof'];
      const measured = bench({
        rounds,
        dataDir,
        say,
        ...(events ? { events } : {}),
        ...(profiles ? { profiles } : {}),
      });
      results.push({ name, ...(await Promise.race([measured, rejectedBy(stopped)])) });
    } catch (error) {
      if (!(error instanceof VoidRun)) throw error;
      say(`bench:${name} is void, and has no figures: ${error.message}`);
      return EXIT_VOID;
    } finally {
      removeData(dataDir);
    }
  }
  const where = await environment(results.map((result) => result.versions));
  if (values.json) print(JSON.stringify({ environment: where, results }, undefined, 2));
  else for (const result of results) print(asText(result, where));
  if (values.write) for (const result of results) writeDocument(result.name, asMarkdown(result, where));
  return 0;
};

const usage = (problem: string): number => {
  say(problem);
  return 2;
};

const print = (text: string) => process.stdout.write(`${text}\n`);
/** Progress goes to stderr, so that stdout holds results alone. */
const say = (text: string) => process.stderr.write(`${text}\n`);

const rejectedBy = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('Stopped')), { once: true });
  });
