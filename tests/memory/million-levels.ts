import { touchLevels } from './measure';

// npm run test:memory: what a ledger with the translator's settings holds after a million levels. Left to
// itself, V8 lets garbage lie according to the memory of the machine: that figure is shown, the limit is for a
// process that is told how much it may hold, as in a container.

const LEVELS = 1_000_000;
const LINES_EACH = 200;
const LIMIT_MIB = 250;

const OLD_SPACE_MIB = 128;

const main = async (): Promise<number> => {
  const documents = LEVELS / LINES_EACH;
  let isWithin = true;
  for (const levels of ['fresh', 'same'] as const) {
    for (const oldSpaceMiB of [OLD_SPACE_MIB, undefined]) {
      const touched = await touchLevels({ documents, linesEach: LINES_EACH, levels }, oldSpaceMiB);
      const { events, peakMiB, heapMiB } = touched;
      if (events !== documents + LEVELS) throw new Error(`${events} events instead of ${documents + LEVELS}`);
      if (oldSpaceMiB) isWithin &&= peakMiB < LIMIT_MIB;
      process.stdout.write(
        `${documents} documents of ${LINES_EACH} lines, ${levels} levels, ` +
          `old space ${oldSpaceMiB ? `${oldSpaceMiB} MiB` : 'as V8 likes'}: at most ${peakMiB.toFixed(0)} MiB` +
          `${oldSpaceMiB ? ` of ${LIMIT_MIB}` : ''}; live after each tenth: ` +
          `${heapMiB.map((mib) => mib.toFixed(0)).join(', ')} MiB\n`,
      );
    }
  }
  return isWithin ? 0 : 1;
};

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
