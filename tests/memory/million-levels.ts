import { touchLevels } from './measure';

// npm run test:memory: what a ledger with the translator's settings holds after a million levels.

const LEVELS = 1_000_000;
const LINES_EACH = 200;
const LIMIT_MIB = 250;

const main = async (): Promise<number> => {
  const documents = LEVELS / LINES_EACH;
  let isWithin = true;
  for (const levels of ['fresh', 'same'] as const) {
    const { events, peakMiB, heapMiB } = await touchLevels({ documents, linesEach: LINES_EACH, levels });
    if (events !== documents + LEVELS) throw new Error(`${events} events instead of ${documents + LEVELS}`);
    isWithin &&= peakMiB < LIMIT_MIB;
    process.stdout.write(
      `${documents} documents of ${LINES_EACH} lines, ${levels} levels: at most ${peakMiB.toFixed(0)} MiB ` +
        `of ${LIMIT_MIB}; live after each tenth: ${heapMiB.map((mib) => mib.toFixed(0)).join(', ')} MiB\n`,
    );
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
