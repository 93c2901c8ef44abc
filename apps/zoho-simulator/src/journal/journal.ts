import { closeSync, existsSync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { type Command, commandSchema } from '../bookings/registry';

/** Every booking as one NDJSON line, so that a restarted simulator keeps its truth. */
export type Journal = Readonly<{
  /** What earlier runs have booked. */
  recorded: readonly Command[];
  append(command: Command): void;
  close(): void;
}>;

/** What the bookings were made on; another organisation cannot replay them. */
export type Foundation = Readonly<{ items: number; inactive: number; seed: number }>;

/** The state file cannot be used; the message says why, in one line. */
export class UnusableStateFile extends Error {}

export const noJournal: Journal = { recorded: [], append: () => undefined, close: () => undefined };

export const openJournal = (file: string, foundation: Foundation): Journal => {
  const { lines, descriptor } = open(file);
  const [first, ...rest] = lines;
  if (first !== undefined) checkFoundation(file, parse(file, 1, foundationSchema, first), foundation);
  const recorded = rest.map((line, index) => parse(file, index + 2, commandSchema, line));
  if (first === undefined) writeSync(descriptor, `${JSON.stringify(foundation)}\n`);
  return {
    recorded,
    append: (command) => {
      writeSync(descriptor, `${JSON.stringify(command)}\n`);
    },
    close: () => closeSync(descriptor),
  };
};

const open = (file: string): { lines: string[]; descriptor: number } => {
  try {
    mkdirSync(dirname(file), { recursive: true });
    return { lines: existsSync(file) ? wholeLines(file) : [], descriptor: openSync(file, 'a') };
  } catch (cause) {
    throw new UnusableStateFile(`${file}: cannot be opened (${String(cause)})`, { cause });
  }
};

// Files from before there were inactive items do not speak of them.
const foundationSchema = z.object({ items: z.number(), inactive: z.number().default(0), seed: z.number() });

/**
 * The lines that were written to their end. A kill can tear the last one; its webhook was never posted, so it is
 * as if it had not been booked. It is cut off, lest the next line be glued to it.
 */
const wholeLines = (file: string): string[] => {
  const content = readFileSync(file);
  const end = content.lastIndexOf('\n') + 1;
  if (end < content.length) truncateSync(file, end);
  return content.toString('utf8', 0, end).split('\n').slice(0, -1);
};

const parse = <T>(file: string, line: number, schema: z.ZodType<T>, text: string): T => {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new UnusableStateFile(`${file}: line ${line} is not a booking of the simulator`);
  }
};

const checkFoundation = (file: string, found: Foundation, wanted: Foundation): void => {
  if (found.items !== wanted.items || found.inactive !== wanted.inactive || found.seed !== wanted.seed)
    throw new UnusableStateFile(
      `${file}: was written with SIMULATOR_ITEMS=${found.items} SIMULATOR_INACTIVE_ITEMS=${found.inactive} SIMULATOR_SEED=${found.seed}`,
    );
};
