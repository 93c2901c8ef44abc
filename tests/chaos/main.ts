import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt } from '../../deploy/local/build';
import { root } from '../../deploy/local/checkout';
import { removeData, temporaryData } from '../../deploy/local/servers';
import { environment } from '../bench/environment';
import { chaos } from './chaos';
import { appsOf } from './house';
import { asText, isMet, rowsOf } from './report';

/**
 * --minutes n     how long things go wrong (10)
 * --faults n      ends after so many of them
 * --seed n        the same faults, on the same targets, as in the run that printed it
 * --per-second n  transactions in the simulated Zoho (20)
 * --cluster       three NATS servers that hold every stream together, instead of one
 * --only text     of the faults, those whose description fits (a regular expression)
 * --together      the whole in one process, twice, instead of every app twice
 * --json          prints the result as JSON instead of a table
 */
export const main = async (args: readonly string[], stopped: AbortSignal): Promise<number> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string' },
      faults: { type: 'string' },
      seed: { type: 'string' },
      'per-second': { type: 'string', default: '20' },
      cluster: { type: 'boolean', default: false },
      only: { type: 'string' },
      together: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const given = {
    minutes: Number(values.minutes ?? (values.faults ? Number.POSITIVE_INFINITY : 10)),
    faults: Number(values.faults ?? Number.POSITIVE_INFINITY),
    perSecond: Number(values['per-second']),
    seed: Number(values.seed ?? randomInt(1, 1_000_000)),
  };
  for (const [name, value] of Object.entries(given))
    if (!(value > 0)) return usage(`${name} must be more than 0`);
  const { minutes, faults, perSecond, seed } = given;
  const dataDir = temporaryData();
  const logDir = path.join(root, '.local', 'chaos');
  rmSync(logDir, { recursive: true, force: true });
  try {
    const layout = values.together ? 'standalone' : 'apart';
    for (const app of appsOf(layout)) await ensureBuilt(app, stopped);
    const { cluster, only } = values;
    const result = await chaos({
      seed,
      layout,
      cluster,
      ...(only ? { only: new RegExp(only) } : {}),
      until: { minutes, faults },
      perSecond,
      dataDir,
      logDir,
      say,
      stopped,
    });
    const where = await environment([]);
    const command = again(args, seed);
    if (values.json)
      print(JSON.stringify({ command, environment: where, rows: rowsOf(result), result }, undefined, 2));
    else print(`${asText(result, command)}${where.machine}, commit ${where.commit}`);
    if (!isMet(result)) say(`Logs are in ${path.relative(root, logDir)}; again: ${command}`);
    return isMet(result) ? 0 : 1;
  } finally {
    removeData(dataDir);
  }
};

/** The command that does the same once more. */
const again = (args: readonly string[], seed: number): string => {
  const all = args.includes('--seed') ? args : [...args, '--seed', String(seed)];
  return `npm run chaos -- ${all.map((one) => (/^[\w.-]+$/.test(one) ? one : `'${one}'`)).join(' ')}`;
};

const usage = (problem: string): number => {
  say(problem);
  return 2;
};

const print = (text: string) => process.stdout.write(`${text}\n`);
/** Progress goes to stderr, so that stdout holds the result alone. */
const say = (text: string) => process.stderr.write(`${text}\n`);
